//! What is checked before a model runs: manifest, contract, checksum, graph, provider.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/engine.rs"]
mod engine;

use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use unscratch::inference::{
    CancelToken, Engine, EngineOptions, InferenceError, ProviderChoice, ProviderKind, Tensor,
    check_models, probe_providers,
};

/// A copy of the project's models in which `change` may alter (manifest text, ONNX bytes) of one model.
fn models_with(
    id: &str,
    change: impl Fn(String, Vec<u8>) -> (String, Vec<u8>),
) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for model in ["scratch-context", "restore"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("models")
            .join(model);
        let to = folder.path().join(model);
        std::fs::create_dir(&to).unwrap();
        let mut manifest = std::fs::read_to_string(from.join("manifest.toml")).unwrap();
        let mut onnx = std::fs::read(from.join("model.onnx")).unwrap();
        if model == id {
            (manifest, onnx) = change(manifest, onnx);
        }
        std::fs::write(to.join("manifest.toml"), manifest).unwrap();
        std::fs::write(to.join("model.onnx"), onnx).unwrap();
    }
    folder
}

fn load(folder: &Path) -> Result<Engine, InferenceError> {
    Engine::load(&EngineOptions {
        models_dir: Some(folder.to_owned()),
        ..engine::engine_options()
    })
}

fn error_of(folder: &tempfile::TempDir) -> InferenceError {
    load(folder.path()).expect_err("the models were accepted")
}

#[test]
fn models_from_a_folder_are_the_embedded_ones_when_they_are_copies() {
    let folder = models_with("", |manifest, onnx| (manifest, onnx));
    let engine = load(folder.path()).unwrap();
    assert_eq!(engine.models(), check_models(None).unwrap());
    assert_eq!(engine.models(), engine::real_engine().models());
}

#[test]
fn a_changed_model_file_is_refused_by_its_checksum() {
    let folder = models_with("restore", |manifest, mut onnx| {
        onnx[1000] ^= 1;
        (manifest, onnx)
    });
    let error = error_of(&folder);
    assert!(matches!(error, InferenceError::Checksum { .. }), "{error}");
    assert!(error.to_string().contains("model.onnx"));
}

#[test]
fn a_contract_of_a_later_version_is_refused() {
    let folder = models_with("scratch-context", |manifest, onnx| {
        (
            manifest.replace("scratch_context_v1", "scratch_context_v2"),
            onnx,
        )
    });
    let error = error_of(&folder);
    assert!(
        matches!(error, InferenceError::UnknownContract { .. }),
        "{error}"
    );
}

#[test]
fn a_folder_without_the_model_or_with_two_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    let error = error_of(&empty);
    assert!(
        matches!(error, InferenceError::ModelMissing { .. }),
        "{error}"
    );
    let twice = models_with("restore", |manifest, onnx| (manifest, onnx));
    std::fs::create_dir(twice.path().join("second")).unwrap();
    let manifest = |name: &str| twice.path().join(name).join("manifest.toml");
    std::fs::copy(manifest("restore"), manifest("second")).unwrap();
    let error = error_of(&twice);
    assert!(
        matches!(error, InferenceError::ModelAmbiguous { .. }),
        "{error}"
    );
}

#[test]
fn a_graph_that_does_not_keep_its_contract_is_refused() {
    // Stage 1's graph under stage 2's label.
    let detector = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/scratch-context");
    let folder = models_with("restore", |_, _| {
        let manifest = std::fs::read_to_string(detector.join("manifest.toml")).unwrap();
        let onnx = std::fs::read(detector.join("model.onnx")).unwrap();
        (manifest.replace("scratch_context_v1", "restore_v1"), onnx)
    });
    let error = error_of(&folder);
    assert!(
        matches!(error, InferenceError::ContractBroken { .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_is_no_model_is_refused_although_its_checksum_fits() {
    let folder = models_with("restore", |manifest, _| {
        let onnx = b"not a model".to_vec();
        let digest = Sha256::digest(&onnx)
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let line = manifest
            .lines()
            .find(|line| line.starts_with("sha256"))
            .unwrap();
        (
            manifest.replace(line, &format!("sha256 = \"{digest}\"")),
            onnx,
        )
    });
    let error = error_of(&folder);
    assert!(
        matches!(error, InferenceError::ModelRefused { .. }),
        "{error}"
    );
}

#[test]
fn a_provider_asked_for_runs_or_is_an_error_and_the_automatic_choice_says_why() {
    let options = engine::engine_options();
    let probes = probe_providers(&options).unwrap();
    let [cpu, cuda] = &probes[..] else {
        panic!("{probes:?}");
    };
    assert!(cpu.kind == ProviderKind::Cpu && cpu.works, "{cpu:?}");
    assert!(cuda.works == cuda.reason.is_empty(), "{cuda:?}");

    let asked = |provider| {
        Engine::load(&EngineOptions {
            provider,
            ..options.clone()
        })
    };
    let automatic = asked(ProviderChoice::Auto).unwrap();
    let report = automatic.provider();
    match asked(ProviderChoice::Cuda) {
        Ok(engine) => assert_eq!(engine.provider().kind, ProviderKind::Cuda),
        Err(error) => {
            assert!(!cuda.works);
            assert!(
                matches!(error, InferenceError::ProviderUnusable { .. }),
                "{error}"
            );
            assert_eq!(report.kind, ProviderKind::Cpu);
            assert!(!report.detail.is_empty());
        }
    }
}

#[test]
fn where_the_cpu_is_good_enough_a_gpu_that_does_not_work_is_no_error_but_said() {
    let options = EngineOptions {
        provider: ProviderChoice::Cuda,
        cpu_fallback: true,
        ..engine::engine_options()
    };
    let cuda = probe_providers(&options).unwrap().remove(1);
    let engine = Engine::load(&options).unwrap();
    let report = engine.provider();
    assert_eq!(report.is_fallback, !cuda.works);
    assert_eq!(report.kind == ProviderKind::Cpu, !cuda.works);
    assert_eq!(report.detail, cuda.reason);
}

#[test]
fn a_large_window_is_stopped_while_it_runs_and_the_next_one_runs() {
    let mut engine = engine::real_engine();
    let mut detect = |side: usize, token: &CancelToken| {
        let photo = Tensor::filled([1, 3, side, side], 0.5);
        engine.detector().run(&[("photo", photo.view())], token)
    };
    let token = CancelToken::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Long after the run began, long before the processor can be through with 1.6 megapixels.
            std::thread::sleep(Duration::from_millis(40));
            token.cancel();
        });
        // A run that was let through to its end would have an answer.
        let outcome = detect(1280, &token);
        assert!(matches!(outcome, Err(InferenceError::Cancelled)));
    });
    assert!(detect(64, &CancelToken::new()).is_ok());
}
