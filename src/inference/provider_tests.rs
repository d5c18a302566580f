//! Which provider is taken on machines whose GPU fails in every way it can, and what is said of it.

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

#[test]
fn a_reason_is_one_line_whatever_the_runtime_wrote() {
    let written = "CUDA failure 35: driver is too old ; GPU=-1\n \t hostname=box\r\n";
    assert_eq!(
        one_line(written),
        "CUDA failure 35: driver is too old ; GPU=-1 hostname=box"
    );
    assert_eq!(one_line(CUDA_NOT_OFFERED), CUDA_NOT_OFFERED);
}

/// A machine with a GPU that fails.
struct Failing {
    offers_cuda: bool,
    has_driver: bool,
    /// What starting on CUDA says.
    reason: String,
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

    fn start_cuda(&self) -> Result<[Box<dyn Network>; 2], String> {
        assert!(self.offers_cuda, "nothing is tried that is not offered");
        Err(self.reason.clone())
    }
}

fn failing(reason: &str) -> Failing {
    Failing {
        offers_cuda: true,
        has_driver: true,
        reason: reason.to_owned(),
    }
}

/// Every way a GPU is known to fail at the start, with the words of ONNX Runtime, and what must be said of it.
fn failures() -> Vec<(Failing, &'static str)> {
    let out_of_memory = InferenceError::OutOfMemory {
        model: "restore".to_owned(),
    };
    vec![
        (
            failing(
                "Failed to load library libonnxruntime_providers_cuda.so with error:\n libcublasLt.so.13: cannot open shared object file: No such file or directory",
            ),
            "libcublasLt.so.13",
        ),
        (
            failing(
                "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ;\r\n",
            ),
            "driver version is insufficient",
        ),
        (
            failing("CUDNN_STATUS_VERSION_MISMATCH ; cuDNN 9 is needed"),
            "VERSION_MISMATCH",
        ),
        (
            failing(&said(&out_of_memory)),
            "the GPU has too little free memory",
        ),
        (
            failing("ONNX Runtime placed no layer on it ({\"CPUExecutionProvider\": 71})"),
            "placed no layer",
        ),
    ]
}

#[test]
fn a_gpu_that_fails_is_replaced_by_the_cpu_with_the_reason_in_one_line() {
    for (machine, words) in failures() {
        let choices = [(ProviderChoice::Auto, false), (ProviderChoice::Cuda, true)];
        for wish in choices {
            let (report, networks) = select(wish, &machine).unwrap();
            assert_eq!(report.kind, ProviderKind::Cpu);
            assert!(report.is_fallback, "the person is told: {report:?}");
            assert!(report.detail.contains(words), "{report:?}");
            assert!(!report.detail.contains(['\n', '\r']), "{report:?}");
            assert_eq!(networks[1].manifest().contract, Contract::RestoreV1);
        }
    }
}

#[test]
fn a_gpu_that_was_asked_for_and_fails_is_an_error_that_names_the_reason() {
    for (machine, words) in failures() {
        let error = select((ProviderChoice::Cuda, false), &machine)
            .err()
            .unwrap();
        let is_named = matches!(error, InferenceError::ProviderUnusable { .. });
        assert!(is_named && error.to_string().contains(words), "{error}");
        // The CPU was asked for: the GPU is left alone.
        let (report, _) = select((ProviderChoice::Cpu, false), &machine).unwrap();
        assert!(!report.is_fallback && report.detail.is_empty());
    }
}

#[test]
fn doctor_is_told_of_each_failure_and_that_the_cpu_works() {
    for (machine, words) in failures() {
        let [cpu, cuda] = <[ProviderProbe; 2]>::try_from(probe_all(&machine)).unwrap();
        assert!(cpu.works && cpu.reason.is_empty());
        assert!(cuda.offered && !cuda.works);
        assert!(
            cuda.reason.contains(words) && !cuda.reason.contains('\n'),
            "{cuda:?}"
        );
    }
}

#[test]
fn without_a_driver_or_a_library_built_for_it_cuda_is_not_even_tried() {
    let without_driver = Failing {
        has_driver: false,
        ..failing("tried although there is no driver")
    };
    let (report, _) = select((ProviderChoice::Auto, false), &without_driver).unwrap();
    assert_eq!(report.detail, "no NVIDIA driver was found");
    assert!(report.is_fallback);

    let without_cuda = Failing {
        offers_cuda: false,
        ..failing("")
    };
    let (report, _) = select((ProviderChoice::Auto, false), &without_cuda).unwrap();
    assert_eq!(report.detail, CUDA_NOT_OFFERED);
    assert!(!report.is_fallback, "there is nothing to mend");
    let error = select((ProviderChoice::Cuda, false), &without_cuda).err();
    assert!(error.unwrap().to_string().contains("built without CUDA"));
    assert!(!probe_all(&without_cuda)[1].offered);
}
