//! Which provider is taken on machines whose GPU fails in every way it can, and what is said of it.

use super::super::cuda_failure::tests::every_failure;
use super::super::fake::IdentityNetwork;
use super::*;

/// Both real networks on the CPU with the smallest arena there is, on the library that `make setup` fetched.
pub fn networks_on_cpu() -> [OrtNetwork; 2] {
    let named = std::env::var_os("ORT_DYLIB_PATH").filter(|value| !value.is_empty());
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime");
    let library = (named.is_none() && fetched.is_dir()).then_some(fetched);
    runtime::load(library.as_deref()).unwrap_or_else(|error| panic!("{error}"));
    let session = SessionOptions {
        threads: 2,
        spinning: false,
        arena_bytes: 0,
    };
    let models = [Contract::ScratchContextV1, Contract::RestoreV1];
    let models = models.map(|contract| load_model(None, contract).unwrap());
    start(ProviderKind::Cpu, session, &models).unwrap_or_else(|error| panic!("{error}"))
}

/// A machine with a GPU that fails.
struct Failing {
    offers_cuda: bool,
    has_driver: bool,
    /// What starting on CUDA gives.
    failure: CudaFailure,
}

impl Machine for Failing {
    fn offers_cuda(&self) -> bool {
        self.offers_cuda
    }

    fn has_driver(&self) -> bool {
        self.has_driver
    }

    fn start_cpu(&self) -> Result<[Box<dyn Network>; 2], InferenceError> {
        let network = |contract| -> Box<dyn Network> { Box::new(IdentityNetwork::new(contract)) };
        Ok([Contract::ScratchContextV1, Contract::RestoreV1].map(network))
    }

    fn start_cuda(&self) -> Result<[Box<dyn Network>; 2], CudaFailure> {
        assert!(self.offers_cuda, "nothing is tried that is not offered");
        Err(self.failure.clone())
    }
}

fn failing(failure: CudaFailure) -> Failing {
    Failing {
        offers_cuda: true,
        has_driver: true,
        failure,
    }
}

/// Every way a GPU is known to fail at the start, and what must be said of it.
fn failures() -> Vec<(Failing, &'static str)> {
    let out_of_memory = InferenceError::OutOfMemory {
        model: "restore".to_owned(),
    };
    let placed_nothing = "ONNX Runtime placed no layer on it ({\"CPUExecutionProvider\": 71})";
    let known = every_failure();
    let known = known
        .iter()
        .map(|(words, sentence)| (failing(CudaFailure::of_runtime(words)), *sentence));
    let ours = [
        (
            failing(out_of_memory.into()),
            "the GPU has too little free memory for the network restore",
        ),
        (
            failing(CudaFailure::of_ours(placed_nothing)),
            placed_nothing,
        ),
    ];
    known.chain(ours).collect()
}

#[test]
fn a_gpu_that_fails_is_replaced_by_the_cpu_with_the_reason_in_one_line() {
    for (machine, sentence) in failures() {
        let choices = [(ProviderChoice::Auto, false), (ProviderChoice::Cuda, true)];
        for wish in choices {
            let (report, networks) = select(wish, &machine).unwrap();
            assert_eq!(report.kind, ProviderKind::Cpu);
            assert!(report.is_fallback, "the person is told: {report:?}");
            assert_eq!(report.detail, sentence);
            assert_eq!(report.said, machine.failure.said, "in its own words");
            assert!(!report.said.contains(['\n', '\r']), "{report:?}");
            assert_eq!(networks[1].manifest().contract, Contract::RestoreV1);
        }
    }
}

#[test]
fn a_gpu_that_was_asked_for_and_fails_is_an_error_that_names_the_reason() {
    for (machine, sentence) in failures() {
        let error = select((ProviderChoice::Cuda, false), &machine)
            .err()
            .unwrap();
        let is_named = matches!(error, InferenceError::ProviderUnusable { .. });
        assert!(is_named && error.to_string().contains(sentence), "{error}");
        let advises = |text: &str| text.contains("make runtime-cuda");
        assert_eq!(advises(&error.to_string()), advises(sentence), "{error}");
        // The CPU was asked for: the GPU is left alone.
        let (report, _) = select((ProviderChoice::Cpu, false), &machine).unwrap();
        assert!(!report.is_fallback && report.detail.is_empty());
    }
}

#[test]
fn doctor_is_told_of_each_failure_and_that_the_cpu_works() {
    for (machine, sentence) in failures() {
        let [cpu, cuda] = <[ProviderProbe; 2]>::try_from(probe_all(&machine)).unwrap();
        assert!(cpu.works && cpu.reason.is_empty());
        assert!(cuda.offered && !cuda.works);
        assert_eq!(cuda.reason, sentence);
    }
}

#[test]
fn without_a_driver_or_a_library_built_for_it_cuda_is_not_even_tried() {
    let without_driver = Failing {
        has_driver: false,
        ..failing(CudaFailure::of_ours("tried although there is no driver"))
    };
    let (report, _) = select((ProviderChoice::Auto, false), &without_driver).unwrap();
    assert_eq!(report.detail, "no NVIDIA driver was found");
    assert!(report.is_fallback);
    let probed = probe_all(&without_driver);
    assert_eq!(probed[1].reason, "no NVIDIA driver was found");
    assert!(probed[1].offered && !probed[1].works);

    let without_cuda = Failing {
        offers_cuda: false,
        ..failing(CudaFailure::of_ours(""))
    };
    let (report, _) = select((ProviderChoice::Auto, false), &without_cuda).unwrap();
    assert!(report.detail.contains("built without CUDA"), "{report:?}");
    assert!(!report.is_fallback, "there is nothing to mend");
    let error = select((ProviderChoice::Cuda, false), &without_cuda).err();
    assert!(error.unwrap().to_string().contains("built without CUDA"));
    assert!(!probe_all(&without_cuda)[1].offered);
}
