//! The header of a safetensors file: every name, type and shape, without loading a weight.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;

/// Bytes before the header's JSON: its length.
const LENGTH_BYTES: u64 = 8;
/// The largest header, as the format's reference implementation has it.
const LARGEST_HEADER: u64 = 100_000_000;

/// Why a weight file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It ends too early.
    #[error("{path} is truncated: it has {found} of {expected} bytes; download it again")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its size.
        found: u64,
        /// The size that its header tells.
        expected: u64,
    },
    /// Its header cannot be understood.
    #[error("{path} is not a safetensors file: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// A tensor of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorHeader {
    /// Type of its elements.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// All tensors of a file by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The tensors.
    pub tensors: BTreeMap<String, TensorHeader>,
    /// Size of the file.
    pub file_bytes: u64,
}

/// Reads the header of the file at `path` and checks that the file is whole.
pub fn read(path: &Path) -> Result<Header, HeaderError> {
    let unreadable = |source| HeaderError::Unreadable { path: path.to_owned(), source };
    let malformed = |reason: String| HeaderError::Malformed { path: path.to_owned(), reason };
    let truncated = |found, expected| HeaderError::Truncated { path: path.to_owned(), found, expected };
    let mut file = File::open(path).map_err(unreadable)?;
    let file_bytes = file.metadata().map_err(unreadable)?.len();
    if file_bytes < LENGTH_BYTES {
        return Err(truncated(file_bytes, LENGTH_BYTES));
    }
    let mut length = [0; LENGTH_BYTES as usize];
    file.read_exact(&mut length).map_err(unreadable)?;
    let header_bytes = u64::from_le_bytes(length);
    if header_bytes > LARGEST_HEADER {
        let hint = if length.starts_with(b"version ") { "; it is a pointer of Git LFS: run `git lfs pull`" } else { "" };
        return Err(malformed(format!("its first eight bytes are not the length of a header{hint}")));
    }
    if file_bytes < LENGTH_BYTES + header_bytes {
        return Err(truncated(file_bytes, LENGTH_BYTES + header_bytes));
    }
    let mut json = vec![0; header_bytes as usize];
    file.read_exact(&mut json).map_err(unreadable)?;
    let metadata: Metadata = serde_json::from_slice(&json).map_err(|error| malformed(format!("its header: {error}")))?;
    let expected = (LENGTH_BYTES + header_bytes).saturating_add(metadata.data_len() as u64);
    if file_bytes < expected {
        return Err(truncated(file_bytes, expected));
    }
    if file_bytes > expected {
        return Err(malformed(format!("{} bytes follow its last tensor", file_bytes - expected)));
    }
    let tensor = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
        let overflow = || malformed(format!("the shape of tensor {name:?} is too large"));
        info.shape.iter().try_fold(1usize, |size, &side| size.checked_mul(side)).ok_or_else(overflow)?;
        Ok((name, TensorHeader { dtype: info.dtype, shape: info.shape.clone() }))
    };
    let tensors = metadata.tensors().into_iter().map(tensor).collect::<Result<_, _>>()?;
    Ok(Header { tensors, file_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Vec<u8> {
        let data = [0u8; 24];
        let view = |shape, bytes| safetensors::tensor::TensorView::new(Dtype::F32, shape, bytes).unwrap();
        let tensors = [("bert.pooler.dense.weight", view(vec![2, 2], &data[..16])), ("w", view(vec![2], &data[16..]))];
        safetensors::serialize(tensors, None).unwrap()
    }

    fn read_bytes(bytes: &[u8]) -> Result<Header, HeaderError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read(file.path())
    }

    #[test]
    fn names_and_shapes_are_read() {
        let header = read_bytes(&whole()).unwrap();
        assert_eq!((header.tensors["w"].shape.as_slice(), header.tensors["bert.pooler.dense.weight"].dtype), ([2].as_slice(), Dtype::F32));
    }

    #[test]
    fn a_file_cut_at_any_byte_is_truncated() {
        let whole = whole();
        for length in 0..whole.len() {
            let error = read_bytes(&whole[..length]).unwrap_err();
            assert!(matches!(error, HeaderError::Truncated { .. }), "at {length}: {error}");
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        let error = read_bytes(b"version https://git-lfs.github.com/spec/v1\n").unwrap_err().to_string();
        assert!(error.ends_with("it is a pointer of Git LFS: run `git lfs pull`"), "{error}");
        assert!(matches!(read_bytes(b"\x02\0\0\0\0\0\0\0[]").unwrap_err(), HeaderError::Malformed { .. }));
    }
}
