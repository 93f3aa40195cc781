//! A folder of files of tensors, of bounded size: written aside and renamed, checked by their hash when they are taken, the longest unused removed.
//!
//! Processes need not know of one another. Two that put the same away at once both write the whole, under names of their own, and the
//! second takes the name over; a file that is removed while it is mapped stays readable for who maps it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use safetensors::tensor::View;
use safetensors::{Dtype, SafeTensors};
use tch::{Device, Kind, Tensor};

use crate::model::mapped;

const ENDING: &str = "safetensors";
const ASIDE: &str = "partial";
/// Bytes of the BLAKE3 hash of all that stands before it, at the end of a file.
const HASH_BYTES: usize = blake3::OUT_LEN;
/// What was written aside and left for longer belongs to nobody.
const LEFT_FOR: Duration = Duration::from_hours(24);

/// A folder of files of tensors.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
    most_bytes: u64,
}

/// What is found under a name.
#[derive(Debug)]
pub enum Found {
    /// Tensors in memory that all processes share; they must not be changed in place.
    Tensors(BTreeMap<String, Tensor>),
    /// Nothing.
    Nothing,
    /// A file that is not what was put there, with the reason.
    Damaged(String),
}

impl Shelf {
    /// The shelf in `folder`, made when something is put there; at most `most_bytes` are kept.
    pub const fn new(folder: PathBuf, most_bytes: u64) -> Self {
        Self { folder, most_bytes }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was put under `name`.
    pub fn take(&self, name: &str) -> Found {
        let path = self.path(name);
        let damaged = |problem: String| Found::Damaged(format!("{}: {problem}", path.display()));
        let Ok(file) = File::open(&path) else { return Found::Nothing };
        // Used now, so the last to be removed; where that cannot be noted it goes earlier.
        let _ = file.set_modified(SystemTime::now());
        if file.metadata().map_or(0, |about| about.len()) <= HASH_BYTES as u64 {
            return damaged("the file is cut short".to_owned());
        }
        let bytes = match mapped::file(&path) {
            Ok(bytes) => bytes,
            Err(error) => return damaged(error.to_string()),
        };
        let (content, hash) = bytes.split_at(bytes.len() - HASH_BYTES);
        if blake3::hash(content).as_bytes() != hash {
            return damaged("its content does not have the hash that was stored with it".to_owned());
        }
        let tensors = SafeTensors::deserialize(content).map_err(|error| error.to_string()).and_then(|views| {
            views.tensors().into_iter().map(|(name, view)| Ok((name, mapped::as_stored(&view)?))).collect::<Result<_, String>>()
        });
        tensors.map_or_else(damaged, Found::Tensors)
    }

    /// Puts tensors under `name`, each as numbers of `kind`, and makes room by removing what was not used for longest. What is larger than
    /// the shelf is not put there.
    pub fn put(&self, name: &str, kind: Kind, tensors: Vec<(String, Tensor)>) -> io::Result<()> {
        let entries: Vec<_> = tensors.into_iter().map(|(name, tensor)| (name, Entry::new(&tensor, kind))).collect();
        if entries.iter().map(|(_, entry)| entry.data_len() as u64).sum::<u64>() > self.most_bytes {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        let moment = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
        let aside = self.folder.join(format!("{name}.{}-{moment}.{ASIDE}", std::process::id()));
        let written = write(&aside, entries).and_then(|()| fs::rename(&aside, self.path(name)));
        if written.is_err() {
            // Half a file is of no use to anyone; that it cannot be removed changes nothing.
            let _ = fs::remove_file(&aside);
        }
        written.and_then(|()| self.make_room(name))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name).with_extension(ENDING)
    }

    /// Removes the longest unused files, that of `kept` aside, until the rest is small enough.
    fn make_room(&self, kept: &str) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            // A file that another process removed meanwhile.
            let Ok(about) = entry.metadata() else { continue };
            let (path, used) = (entry.path(), about.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            match path.extension().and_then(|ending| ending.to_str()) {
                Some(ENDING) => files.push((used, about.len(), path)),
                Some(ASIDE) if used.elapsed().is_ok_and(|since| since > LEFT_FOR) => drop(fs::remove_file(path)),
                _ => {}
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, size, path) in files.into_iter().filter(|(_, _, path)| *path != self.path(kept)) {
            if bytes <= self.most_bytes {
                break;
            }
            // Another process may have removed it first.
            let _ = fs::remove_file(path);
            bytes -= size;
        }
        Ok(())
    }
}

/// Writes the tensors and the hash of all that, whole and on the disk.
fn write(path: &Path, entries: Vec<(String, Entry)>) -> io::Result<()> {
    safetensors::serialize_to_file(entries, None, path).map_err(|error| match error {
        safetensors::SafeTensorError::IoError(source) => source,
        other => io::Error::other(other.to_string()),
    })?;
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    let (mut hash, mut buffer) = (blake3::Hasher::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => {
                hash.update(&buffer[..n]);
            }
        }
    }
    file.write_all(hash.finalize().as_bytes())?;
    file.sync_all()
}

/// A tensor whose bytes are made only when its turn to be written comes.
struct Entry {
    tensor: Tensor,
    shape: Vec<usize>,
    kind: Kind,
}

impl Entry {
    fn new(tensor: &Tensor, kind: Kind) -> Self {
        Self { tensor: tensor.detach(), shape: tensor.size().iter().map(|&size| size as usize).collect(), kind }
    }
}

impl View for Entry {
    fn dtype(&self) -> Dtype {
        if self.kind == Kind::BFloat16 { Dtype::BF16 } else { Dtype::F32 }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = vec![0; self.data_len()];
        let tensor = self.tensor.to_device(Device::Cpu).to_kind(self.kind).contiguous();
        tensor.copy_data_u8(&mut bytes, tensor.numel());
        bytes.into()
    }

    fn data_len(&self) -> usize {
        self.tensor.numel() * self.kind.elt_size_in_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(numbers: &[f32]) -> Vec<(String, Tensor)> {
        vec![("a".to_owned(), Tensor::from_slice(numbers))]
    }

    fn taken(shelf: &Shelf, name: &str) -> Option<Vec<f32>> {
        match shelf.take(name) {
            Found::Tensors(tensors) => Some(Vec::try_from(&tensors["a"]).unwrap()),
            Found::Nothing => None,
            Found::Damaged(problem) => panic!("{problem}"),
        }
    }

    #[test]
    fn what_is_put_away_is_found_again_bit_for_bit_in_either_kind() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("new"), 1 << 20);
        assert!(taken(&shelf, "one").is_none());
        shelf.put("one", Kind::Float, vector(&[1.0, 1e-30, -0.0])).unwrap();
        assert_eq!(taken(&shelf, "one").unwrap().map_bits(), [1.0_f32, 1e-30, -0.0].map(f32::to_bits));
        shelf.put("two", Kind::BFloat16, vector(&[1.001, 2.0])).unwrap();
        let Found::Tensors(tensors) = shelf.take("two") else { panic!("not found") };
        assert!(tensors["a"] == Tensor::from_slice(&[1.001_f32, 2.0]).to_kind(Kind::BFloat16));
        assert_eq!(tensors["a"].kind(), Kind::BFloat16);
    }

    trait Bits {
        fn map_bits(&self) -> Vec<u32>;
    }

    impl Bits for Vec<f32> {
        fn map_bits(&self) -> Vec<u32> {
            self.iter().map(|number| number.to_bits()).collect()
        }
    }

    #[test]
    fn a_damaged_or_short_file_is_told_apart_from_none_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned(), 1 << 20);
        let path = shelf.path("one");
        shelf.put("one", Kind::Float, vector(&[1.0; 100])).unwrap();
        let whole = fs::read(&path).unwrap();
        for damage in [0, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[damage] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(matches!(shelf.take("one"), Found::Damaged(problem) if problem.contains("does not have the hash")), "byte {damage}");
        }
        for length in [0, 10, whole.len() - 8] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(matches!(shelf.take("one"), Found::Damaged(_)), "{length} bytes");
        }
        shelf.put("one", Kind::Float, vector(&[2.0])).unwrap();
        assert_eq!(taken(&shelf, "one").unwrap(), [2.0]);
    }

    #[test]
    fn the_longest_unused_make_room_and_leftovers_of_the_dead_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned(), 1200);
        let leftover = folder.path().join("x.1-1.partial");
        fs::write(&leftover, "half").unwrap();
        File::open(&leftover).unwrap().set_modified(SystemTime::now() - 2 * LEFT_FOR).unwrap();
        for name in ["one", "two"] {
            shelf.put(name, Kind::Float, vector(&[1.0; 100])).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(taken(&shelf, "one").is_some());
        std::thread::sleep(Duration::from_millis(20));
        shelf.put("three", Kind::Float, vector(&[1.0; 100])).unwrap();
        assert!(taken(&shelf, "two").is_none() && taken(&shelf, "one").is_some() && taken(&shelf, "three").is_some());
        assert!(!leftover.exists());
        shelf.put("large", Kind::Float, vector(&[1.0; 1000])).unwrap();
        assert!(taken(&shelf, "large").is_none() && taken(&shelf, "one").is_some());
    }

    #[test]
    fn many_at_once_put_take_and_make_room_without_harm() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let shelf = Shelf::new(folder.path().to_owned(), 2000);
                scope.spawn(move || {
                    for round in 0..40 {
                        let (name, number) = (format!("n{}", (worker + round) % 5), ((worker + round) % 5) as f32);
                        match shelf.take(&name) {
                            Found::Tensors(tensors) => assert!(tensors["a"] == Tensor::from_slice(&[number; 100])),
                            Found::Nothing => shelf.put(&name, Kind::Float, vector(&[number; 100])).unwrap(),
                            Found::Damaged(problem) => panic!("{problem}"),
                        }
                    }
                });
            }
        });
        assert!(fs::read_dir(folder.path()).unwrap().all(|file| file.unwrap().path().extension().unwrap() == ENDING));
    }
}
