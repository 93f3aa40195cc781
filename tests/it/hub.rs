//! Downloads from a hub on this machine into a cache of the test: what arrives, what is asked, and what goes wrong.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use finetop::hub::cache;
use finetop::hub::client::Client;
use finetop::hub::dataset::{self, Choice, SplitFiles};
use finetop::hub::error::HubError;
use finetop::hub::fetch;
use finetop::hub::progress::Progress;
use finetop::hub::repository::{Kind, Repository};
use finetop::hub::variables::{HubVariables, Token};

use crate::fake_hub::{COMMIT, FakeHub, sha256};
use crate::support::{Runs, fixture, text, write_model};

const WEIGHTS: &[u8] = &[7; 100_000];
const MODEL: [(&str, &[u8]); 5] = [
    ("README.md", b"a model"),
    ("config.json", b"{}"),
    ("model.safetensors", WEIGHTS),
    ("onnx/model.onnx", b"not wanted"),
    ("tokenizer.json", b"{\"a\": 1}"),
];

/// A hub and an empty cache.
struct Place {
    hub: FakeHub,
    folder: tempfile::TempDir,
    variables: HubVariables,
}

impl Place {
    fn new(repository: &str, files: &[(&str, &[u8])]) -> Self {
        let (hub, folder) = (FakeHub::new(repository, files), tempfile::tempdir().unwrap());
        let (hf_home, hf_endpoint) = (Some(folder.path().to_owned()), Some(hub.address.clone()));
        let wait = Some(Duration::from_secs(10));
        let variables = HubVariables { hf_home, hf_endpoint, etag_timeout: wait, download_timeout: wait, ..HubVariables::default() };
        Self { hub, folder, variables }
    }

    fn with_model() -> Self {
        Self::new("models/org/name@main", &MODEL)
    }

    fn client(&self) -> Client {
        let mut client = Client::new(&self.variables);
        client.pause = Duration::from_millis(1);
        client
    }

    fn model(&self, id: &str) -> Result<PathBuf, HubError> {
        let repository = Repository::parse(Kind::Model, id)?;
        fetch::model(&repository, &self.variables, &self.client(), &mut |_| ())
    }

    fn dataset(&self, id: &str, choice: &Choice) -> Result<SplitFiles<PathBuf>, HubError> {
        let repository = Repository::parse(Kind::Dataset, id)?;
        let fetched = fetch::dataset(&repository, choice, &self.variables, &self.client(), &mut |_| ())?;
        assert_eq!(dataset::find(&repository, choice, &self.variables).unwrap(), fetched, "the cache alone gives the same");
        Ok(fetched)
    }

    fn error(&self, id: &str) -> String {
        let message = self.model(id).unwrap_err().to_string().replace(&self.hub.address, "HUB");
        assert!(!message.contains('\n'), "{message}");
        message.replace(&self.folder.path().display().to_string(), "HOME")
    }

    fn is_cached(&self) -> bool {
        fetch::has_model(&Repository::parse(Kind::Model, "org/name").unwrap(), &self.variables)
    }

    fn cached(&self, path: &str) -> PathBuf {
        self.folder.path().join("hub/models--org--name").join(path)
    }
}

fn files_below(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_model_arrives_in_the_layout_that_all_tools_share() {
    let place = Place::with_model();
    let mut moments = Vec::new();
    let repository = Repository::parse(Kind::Model, "org/name").unwrap();
    let mut report = |progress: Progress| moments.push(format!("{progress:?}"));
    let snapshot = fetch::model(&repository, &place.variables, &place.client(), &mut report).unwrap();
    assert_eq!(snapshot, place.cached("snapshots").join(COMMIT));
    assert_eq!(files_below(&snapshot), ["config.json", "model.safetensors", "tokenizer.json"]);
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), WEIGHTS);
    let link = fs::read_link(snapshot.join("model.safetensors")).unwrap();
    assert_eq!(link, Path::new("../../blobs").join(sha256(WEIGHTS)));
    assert_eq!(fs::read_to_string(place.cached("refs/main")).unwrap(), COMMIT);
    assert_eq!(files_below(&place.cached("blobs")).len(), 3, "nothing half-done is left");
    assert!(moments[0].contains("n_bytes: 100010, n_done: 0") && moments.last().unwrap() == "Ends", "{moments:?}");
    assert!(moments.contains(&"Bytes { n_done: 100010 }".to_owned()));
    assert!(place.is_cached());
    moments.clear();
    let mut report = |progress: Progress| moments.push(format!("{progress:?}"));
    fetch::model(&repository, &place.variables, &place.client(), &mut report).unwrap();
    assert!(moments.is_empty(), "nothing is said of what is there: {moments:?}");
}

#[test]
fn the_token_goes_to_the_hub_and_to_no_other_host() {
    let mut place = Place::with_model();
    place.variables.hf_token = Some(Token("hf_secret".to_owned()));
    place.model("org/name").unwrap();
    let asked = place.hub.asked();
    let expected = |is_second_host: bool| (!is_second_host).then(|| "Bearer hf_secret".to_owned());
    assert!(asked.iter().all(|asked| asked.authorization == expected(asked.is_second_host)), "{asked:?}");
    assert!(asked.iter().any(|asked| asked.is_second_host));
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_stopped() {
    let place = Place::with_model();
    place.hub.change(|content| content.cuts = vec![40_000, 30_000]);
    let snapshot = place.model("org/name").unwrap();
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), WEIGHTS);
    let ranges: Vec<_> = place.hub.asked().into_iter().filter(|asked| asked.is_second_host).map(|asked| asked.range).collect();
    assert_eq!(ranges, [None, Some("bytes=40000-".to_owned()), Some("bytes=70000-".to_owned())]);
}

#[test]
fn a_download_that_was_killed_is_gone_on_with_by_the_next_command() {
    let place = Place::with_model();
    place.hub.change(|content| content.cuts = vec![50_000, 0, 0, 0, 0, 0, 0]);
    let error = place.error("org/name");
    assert!(error.starts_with("the download of model.safetensors broke off (") && error.ends_with("goes on where it stopped"), "{error}");
    assert!(!place.is_cached() && !place.cached("refs/main").exists() && !place.cached("snapshots").exists());
    place.hub.change(|content| content.cuts.clear());
    place.hub.asked();
    place.model("org/name").unwrap();
    let asked = place.hub.asked();
    assert_eq!(
        asked.iter().filter(|asked| asked.is_second_host).map(|asked| asked.range.as_deref()).collect::<Vec<_>>(),
        [Some("bytes=50000-")]
    );
}

#[test]
fn damaged_content_is_removed_and_nothing_leads_to_it() {
    let place = Place::with_model();
    place.hub.change(|content| content.is_damaged = true);
    let error = place.error("org/name");
    assert!(error.starts_with("model.safetensors arrived damaged: ") && error.contains(&sha256(WEIGHTS)), "{error}");
    assert_eq!(files_below(&place.cached("blobs")).len(), 2, "the small files alone");
    assert!(!place.is_cached());
}

#[test]
fn what_passes_is_waited_for_and_what_does_not_is_told() {
    let place = Place::with_model();
    place.hub.change(|content| content.refuse = Some((503, "", 2)));
    place.model("org/name").unwrap();
    let place = Place::with_model();
    place.hub.change(|content| content.refuse = Some((503, "", 100)));
    assert_eq!(place.error("org/name"), "HUB/api/models/org/name/revision/main answered 503; the hub has a problem: try again later");
    assert_eq!(place.hub.asked().len(), 5);
    place.hub.change(|content| content.refuse = Some((429, "", 100)));
    assert!(place.error("org/name").contains("too many requests: wait some minutes, or set HF_TOKEN"));
}

#[test]
fn refusals_say_what_to_do_and_never_the_token() {
    let mut place = Place::with_model();
    assert_eq!(
        place.error("org/nam"),
        "there is no model org/nam at HUB, or it is private; check the spelling, or set HF_TOKEN to a token that may read it"
    );
    assert_eq!(place.error("org/name@v2"), "org/name has no revision v2; name a branch, a tag or a commit of it, or leave it out");
    place.hub.change(|content| content.refuse = Some((403, "GatedRepo", 100)));
    let gated = "org/name is gated: accept its licence at HUB/org/name, then set HF_TOKEN to a token of that account";
    assert_eq!(place.error("org/name"), gated);
    place.variables.hf_token = Some(Token("hf_secret".to_owned()));
    let gated = "org/name is gated: accept its licence at HUB/org/name, then run the same command again (the token from HF_TOKEN must be of the account that accepted it)";
    assert_eq!(place.error("org/name"), gated);
    place.hub.change(|content| content.refuse = Some((401, "", 100)));
    assert_eq!(place.error("org/name"), "HUB does not accept the token from HF_TOKEN: make a new one at HUB/settings/tokens, or remove it");
    place.variables.hf_token = Some(Token("hf_\u{1}secret".to_owned()));
    assert!(!place.error("org/name").contains("secret"));
}

#[test]
fn a_pickle_is_refused_before_any_file_is_asked_for() {
    let place = Place::new("models/org/name@main", &[("config.json", b"{}"), ("pytorch_model.bin", WEIGHTS), ("tokenizer.json", b"{}")]);
    let error = place.error("org/name");
    assert!(error.starts_with("org/name cannot be used: it has no model.safetensors, only pytorch_model.bin, a pickle"), "{error}");
    assert!(error.contains("AutoModel.from_pretrained('org/name').save_pretrained('name')"));
    assert_eq!(place.hub.asked().len(), 1);
}

#[test]
fn weights_in_several_files_arrive_whole() {
    let index = br#"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#;
    let mut files: Vec<(&str, &[u8])> = vec![("config.json", b"{}"), ("tokenizer.json", b"{}"), ("model.safetensors.index.json", index)];
    files.push(("model-00001-of-00002.safetensors", b"one"));
    let place = Place::new("models/org/name@main", &files);
    let error = place.error("org/name");
    assert!(error.contains("names model-00002-of-00002.safetensors, which it has not"), "{error}");
    files.push(("model-00002-of-00002.safetensors", b"two"));
    place.hub.add("models/org/name@main", &files);
    let snapshot = place.model("org/name").unwrap();
    assert_eq!(files_below(&snapshot).len(), 5);
    fs::remove_file(snapshot.join("model-00002-of-00002.safetensors")).unwrap();
    assert!(!place.is_cached(), "a shard is missing");
    place.model("org/name").unwrap();
    assert!(place.is_cached());
}

#[test]
fn no_network_and_silence_are_told_in_time() {
    let mut place = Place::with_model();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    place.variables.hf_endpoint = Some(format!("http://{closed}/"));
    let error = place.error("org/name");
    assert!(
        error.starts_with(&format!("cannot reach http://{closed} (")) && error.contains("check the network and HF_ENDPOINT"),
        "{error}"
    );
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    place.variables.hf_endpoint = Some(format!("http://{}", silent.local_addr().unwrap()));
    place.variables.etag_timeout = Some(Duration::from_millis(20));
    let error = place.error("org/name");
    assert!(error.contains("(it does not answer in time)"), "{error}");
}

#[test]
fn a_hub_cannot_make_us_write_outside_the_cache() {
    let index = br#"{"weight_map": {"a": "../../../outside.safetensors"}}"#;
    let files: [(&str, &[u8]); 4] = [
        ("config.json", b"{}"),
        ("tokenizer.json", b"{}"),
        ("model.safetensors.index.json", index),
        ("../../../outside.safetensors", b"x"),
    ];
    let place = Place::new("models/org/name@main", &files);
    assert!(place.error("org/name").contains("which is no .safetensors file"));
    assert!(!place.folder.path().join("outside.safetensors").exists());
}

#[test]
fn a_data_set_comes_from_its_own_parquet_files_else_from_the_converted_branch() {
    let files: [(&str, &[u8]); 4] = [
        ("sst2/train-00000-of-00001.parquet", b"rows"),
        ("sst2/validation-00000-of-00001.parquet", b"more rows"),
        ("rte/train-00000-of-00001.parquet", b"not wanted"),
        ("README.md", b"glue"),
    ];
    let place = Place::new("datasets/org/glue@main", &files);
    let sst2 = Choice { config: Some("sst2".to_owned()), ..Choice::default() };
    let splits = place.dataset("org/glue", &sst2).unwrap();
    assert_eq!((fs::read(&splits.train[0]).unwrap(), splits.validation.len(), splits.test.len()), (b"rows".to_vec(), 1, 0));
    let missing = place.dataset("org/glue", &Choice::default()).unwrap_err().to_string();
    assert_eq!(missing, "org/glue cannot be used: it has several configurations: rte, sst2; choose one with `config`");
    assert!(!place.folder.path().join("hub/datasets--org--glue/snapshots").join(COMMIT).join("rte").exists());

    let place = Place::new("datasets/org/old@main", &[("old.py", b"a script")]);
    assert!(place.dataset("org/old", &Choice::default()).unwrap_err().to_string().contains("has no Parquet files"));
    let files: [(&str, &[u8]); 3] =
        [("default/train/0000.parquet", b"a"), ("default/train/0001.parquet", b"b"), ("default/test/0000.parquet", b"c")];
    place.hub.add("datasets/org/old@refs/convert/parquet", &files);
    let splits = place.dataset("org/old", &Choice::default()).unwrap();
    assert_eq!((splits.train.len(), splits.validation.len(), splits.test.len()), (2, 0, 1));
    let reference = place.folder.path().join("hub/datasets--org--old/refs/refs/convert/parquet");
    assert_eq!(fs::read_to_string(reference).unwrap(), COMMIT);
}

#[test]
fn an_experiment_on_a_data_set_of_the_hub_is_planned_from_its_files_and_again_without_the_network() {
    let runs = Runs::new();
    let file = runs.experiment_file(&["a"]);
    let data = "data: {dataset: org/rows, config: small, max_length: 16}";
    let written = fs::read_to_string(&file).unwrap().replace("data: {train: rows.tsv, validation: rows.tsv}", data);
    fs::write(&file, written).unwrap();
    let parquet = |name: &str| fs::read(fixture("parquet").join(name)).unwrap();
    let (named, secret) = (parquet("named.parquet"), parquet("secret.parquet"));
    let hub = FakeHub::new(
        "datasets/org/rows@main",
        &[
            ("small/train-00000-of-00002.parquet", &named),
            ("small/train-00001-of-00002.parquet", &named),
            ("small/validation-00000-of-00001.parquet", &named),
            ("small/test-00000-of-00001.parquet", &secret),
        ],
    );
    let first = plan(&runs, &file, &hub.address, &[]);
    let (stdout, stderr) = (text(&first.stdout), text(&first.stderr));
    assert!(first.status.success() && stderr.starts_with("downloading org/rows ("), "{stderr}");
    assert!(stdout.contains("train") && stdout.contains("14") && stdout.contains("negative"), "{stdout}");
    assert!(stdout.contains("the test split of org/rows has no labels"), "{stdout}");
    hub.asked();
    let second = plan(&runs, &file, &hub.address, &["--offline"]);
    assert_eq!((second.status.success(), text(&second.stdout)), (true, stdout));
    assert!(hub.asked().is_empty());
}

/// `finetop plan` on a model of the hub, with the cache in `home`.
fn plan(runs: &Runs, file: &str, endpoint: &str, more: &[&str]) -> Output {
    let mut arguments = vec!["plan", file];
    arguments.extend(more);
    let mut command = runs.command(&arguments);
    command.env_remove("HF_HUB_OFFLINE").env_remove("HF_HUB_CACHE").env("HF_ENDPOINT", endpoint).env("HF_HOME", runs.beside("home"));
    command.output().unwrap()
}

#[test]
fn the_program_downloads_what_an_experiment_names_once() {
    let runs = Runs::new();
    let file = runs.experiment_file(&["a"]);
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("model: ./tiny", "model: org/tiny")).unwrap();
    let folder = runs.beside("tiny");
    write_model(&folder);
    let files: Vec<(String, Vec<u8>)> =
        files_below(&folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let hub = FakeHub::new("models/org/tiny@main", &files);

    let offline = plan(&runs, &file, &hub.address, &["--offline"]);
    let stderr = text(&offline.stderr);
    assert_eq!(offline.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("small.yaml:2:8: model org/tiny is not in the Hugging Face cache") && stderr.contains("--offline"), "{stderr}");
    assert!(hub.asked().is_empty() && !runs.beside("home").exists());

    let first = plan(&runs, &file, &hub.address, &[]);
    let stderr = text(&first.stderr);
    assert!(first.status.success() && stderr.starts_with("downloading org/tiny (") && !stderr.contains('\u{1b}'), "{stderr}");
    let n_asked = hub.asked().len();
    let second = plan(&runs, &file, &hub.address, &[]);
    assert!(second.status.success() && second.stderr.is_empty() && hub.asked().is_empty() && n_asked > 0, "{}", text(&second.stderr));

    fs::write(&file, fs::read_to_string(&file).unwrap().replace("org/tiny", "org/tinny")).unwrap();
    let misspelt = text(&plan(&runs, &file, &hub.address, &[]).stderr);
    assert!(misspelt.contains("small.yaml:2:8: there is no model org/tinny at http://127.0.0.1:"), "{misspelt}");
}

#[test]
fn a_revision_is_found_again_by_its_name_and_by_its_commit() {
    let place = Place::with_model();
    place.hub.add("models/org/name@v1.0", &MODEL);
    let named = place.model("org/name@v1.0").unwrap();
    let find = |id: &str| cache::find(&Repository::parse(Kind::Model, id).unwrap(), &place.variables);
    assert_eq!(find("org/name@v1.0").unwrap(), named);
    assert_eq!(find(&format!("org/name@{COMMIT}")).unwrap(), named);
}
