//! Feature extraction: the backbone is frozen, and only the head trains, on its features.
//!
//! `logits = head(pool(encoder(x)))`, where the encoder never changes and so runs once per row.
//!
//! Paper: Peters et al. 2019, arXiv:1903.05987. Reference: Transformers with `requires_grad_(False)` on the backbone.
//! Initialisation: the head from `N(0, initializer_range²)`.
//! Parameters: those of the head train, none are added to the backbone. At inference: nothing.
//! Differs: the encoder runs without dropout also in training, so its features are computed once and kept.

use crate::spec::method::about::About;

/// What is said of feature extraction.
pub const ABOUT: About = About {
    name: "feature_extraction",
    short: "feature",
    summary: "frozen backbone, trained head: the cheapest",
    paper: "Peters et al. 2019, arXiv:1903.05987",
    source: include_str!("feature_extraction.rs"),
    hyperparameters: &[],
    // Ours: a classifier alone, on fixed features, levels off within five epochs of the shipped data at this rate.
    learning_rate: 1e-2,
    head_learning_rate: None,
};
