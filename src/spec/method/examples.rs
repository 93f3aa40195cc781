//! Methods with hyperparameters that differ from every default; contract tests iterate them, so that a new method is tested at once.

use serde_json::{Value, json};

use crate::spec::method::Method;

impl Method {
    /// One or more of each, fit for a tiny backbone of two blocks.
    ///
    /// # Panics
    /// When an example no longer fits the registry.
    pub fn examples() -> Vec<Self> {
        let examples = [
            ("full", json!({})),
            ("top_layers", json!({"layers": 1})),
            ("feature_extraction", json!({})),
            ("lora", json!({"rank": 3, "alpha": 7.0, "targets": ["key", "value", "ffn_down"]})),
            (
                "lora",
                json!({"rank": 2, "alpha": 5.0, "dropout": 0.3, "initialization": "gaussian", "rank_stabilized": true,
                    "learning_rate_ratio": 4.0, "targets": ["query", "key", "value", "attention_output", "ffn_up", "ffn_down"]}),
            ),
            ("lora", json!({"rank": 3, "alpha": 7.0, "dora": true, "targets": ["query", "attention_output", "ffn_up"]})),
            ("houlsby_adapter", json!({"size": 5, "activation": "tanh", "initial_std": 0.01, "scale": 2.0})),
            ("pfeiffer_adapter", json!({"reduction_factor": 4, "activation": "swish", "initial_std": 0.1})),
            ("parallel_adapter", json!({"size": 6, "activation": "gelu", "scale": 3.0})),
            ("prefix_tuning", json!({"length": 3, "initial_std": 0.5})),
            ("prefix_tuning", json!({"length": 2, "projection": 7, "initial_std": 0.5})),
            ("p_tuning_v2", json!({"length": 4, "dropout": 0.2, "initial_std": 0.3})),
            ("prompt_tuning", json!({"length": 3, "initialization": "random", "initial_std": 0.4})),
            ("prompt_tuning", json!({"length": 5, "initialization": "text", "text": "red cat runs"})),
            ("prompt_tuning", json!({"length": 4})),
            ("ia3", json!({"targets": ["query", "attention_output", "ffn_up", "ffn_down"]})),
            ("bitfit", json!({})),
            ("layer_norm_tuning", json!({})),
        ];
        examples.into_iter().map(|(name, given)| Self::example(name, &given)).collect()
    }

    /// The method `name` with the hyperparameters of the JSON object `given` over its defaults.
    ///
    /// # Panics
    /// When there is no such method or hyperparameter.
    pub fn example(name: &str, given: &Value) -> Self {
        let about = Self::ALL.into_iter().find(|about| about.name == name).unwrap_or_else(|| panic!("no method {name}"));
        let given = given.as_object().cloned().unwrap_or_default();
        assert!(given.keys().all(|key| about.hyperparameters.iter().any(|own| own.key == key)), "keys of {name}: {given:?}");
        Self::with(about, &given)
    }
}
