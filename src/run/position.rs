//! Where a run is, as its checkpoints carry it. Must not know tensors.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::spec::early_stopping::Patience;

/// The entry of a checkpoint's metadata that holds it, as JSON.
pub const POSITION: &str = "finetop.position";

/// The largest header of a safetensors file, as the format's reference implementation has it.
const LARGEST_HEADER: u64 = 100_000_000;

/// Where a run is: all that is needed to go on, beside the tensors.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Optimizer steps taken.
    pub step: u64,
    /// Examples seen.
    pub examples: u64,
    /// Real tokens seen.
    pub tokens: u64,
    /// Seconds spent in training steps.
    pub training_seconds: f64,
    /// Best validation so far by the best metric.
    pub best: Patience,
    /// Early stopping's own count.
    pub early_stopping: Patience,
}

impl Position {
    /// Step of the best validation so far.
    pub fn best_step(&self) -> Option<u64> {
        self.best.best.map(|(step, _)| step)
    }
}

/// The position in the header of a checkpoint; `None` where there is no such file, or not one of ours. Tensors are not looked at.
pub fn read(path: &Path) -> Option<Position> {
    #[derive(Deserialize)]
    struct Header {
        #[serde(rename = "__metadata__")]
        metadata: HashMap<String, String>,
    }
    let mut file = File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = Some(u64::from_le_bytes(length)).filter(|length| *length <= LARGEST_HEADER)?;
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).ok()?;
    let header: Header = serde_json::from_slice(&header).ok()?;
    serde_json::from_str(header.metadata.get(POSITION)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_from_the_header_and_rubbish_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.safetensors");
        assert_eq!(read(&path), None);
        let position = Position { step: 7, ..Position::default() };
        let metadata = HashMap::from([(POSITION.to_owned(), serde_json::to_string(&position).unwrap())]);
        let empty: [(String, safetensors::tensor::TensorView); 0] = [];
        safetensors::serialize_to_file(empty, Some(metadata), &path).unwrap();
        assert_eq!(read(&path), Some(position));
        for rubbish in [&b""[..], b"1234567", &[255; 64], b"\x02\0\0\0\0\0\0\0{}"] {
            std::fs::write(&path, rubbish).unwrap();
            assert_eq!(read(&path), None);
        }
    }
}
