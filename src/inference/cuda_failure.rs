//! What ONNX Runtime says when CUDA does not start, as short sentences for people. Starts and loads nothing.

use super::InferenceError;
use super::session::says_out_of_memory;

/// Said where the program is sent for NVIDIA's libraries or ONNX Runtime's own part for CUDA.
const FETCH: &str = "`make runtime-cuda` fetches it";
const NO_MEMORY: &str = "the GPU has too little free memory";
/// Most characters of words that are not known.
const UNKNOWN_CHARS: usize = 160;

/// Why CUDA cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CudaFailure {
    /// One short sentence without its full stop, with what to do where that is known.
    pub reason: String,
    /// ONNX Runtime's own words on one line; empty where it said nothing, or nothing else.
    pub said: String,
}

impl CudaFailure {
    /// A failure that was found without ONNX Runtime.
    pub fn of_ours(reason: &str) -> Self {
        Self {
            reason: one_line(reason),
            said: String::new(),
        }
    }

    /// There is no driver.
    pub fn no_driver() -> Self {
        Self::of_ours("no NVIDIA driver was found")
    }

    /// The loaded library has no CUDA in it.
    pub fn not_offered() -> Self {
        Self::of_ours(
            "this ONNX Runtime was built without CUDA, `make runtime-cuda` fetches one with it",
        )
    }

    /// A failure in ONNX Runtime's words.
    pub fn of_runtime(words: &str) -> Self {
        Self {
            reason: in_short(words),
            said: one_line(words),
        }
    }
}

impl From<InferenceError> for CudaFailure {
    fn from(error: InferenceError) -> Self {
        match error {
            // The memory limit is for the machine's memory: more of it would not help.
            InferenceError::OutOfMemory { model } => {
                Self::of_ours(&format!("{NO_MEMORY} for the network {model}"))
            }
            InferenceError::ModelRefused { message, .. } | InferenceError::Run { message, .. } => {
                Self::of_runtime(&message)
            }
            other => Self::of_ours(&other.to_string()),
        }
    }
}

/// `words` of ONNX Runtime as a short sentence.
fn in_short(words: &str) -> String {
    if let Some(sentence) = loader_sentence(words) {
        return sentence;
    }
    if let Some((number, said)) = cuda_failure(words) {
        return cuda_sentence(number, said);
    }
    if says_out_of_memory(words) {
        return NO_MEMORY.to_owned();
    }
    if words.contains("VERSION_MISMATCH") {
        return "NVIDIA's libraries are of versions that do not belong together".to_owned();
    }
    // What stands in front of it names places in ONNX Runtime's sources.
    let (_, last) = words.rsplit_once(" : FAIL : ").unwrap_or(("", words));
    let last = one_line(last);
    if last.chars().count() <= UNKNOWN_CHARS {
        return last;
    }
    last.chars().take(UNKNOWN_CHARS).chain(['…']).collect()
}

/// What the system's loader says of a library, behind "Failed to load library PATH with error: ".
fn loader_sentence(words: &str) -> Option<String> {
    let (_, said) = words.split_once("Failed to load library ")?;
    let (_, said) = said.split_once("with error: ")?;
    let (library, why) = said.trim_start().split_once(": ")?;
    let library = library.rsplit('/').next().unwrap_or(library);
    let is_missing = why.contains("cannot open shared object file");
    Some(match library {
        // The driver's own part, which comes with no other package.
        "libcuda.so.1" if is_missing => {
            format!("{} ({library} is missing)", CudaFailure::no_driver().reason)
        }
        _ if is_missing => format!("the library {library} is missing, {FETCH}"),
        _ => format!("the library {library} does not fit the others or is damaged"),
    })
}

/// Number and words of "CUDA failure N: words ;".
fn cuda_failure(words: &str) -> Option<(u32, &str)> {
    let (_, found) = words.split_once("CUDA failure ")?;
    let (number, said) = found.split_once(':')?;
    let said = said.split(" ;").next().unwrap_or(said);
    Some((number.trim().parse().ok()?, said.trim()))
}

/// Source of the numbers: NVIDIA, CUDA Runtime API 13, enum `cudaError`.
fn cuda_sentence(number: u32, said: &str) -> String {
    match number {
        2 => NO_MEMORY.to_owned(),
        35 => {
            "the NVIDIA driver is too old for this ONNX Runtime, a newer one is needed".to_owned()
        }
        46 => "the GPU is busy or kept by another program".to_owned(),
        100 | 101 => "no NVIDIA GPU was found".to_owned(),
        209 => "this ONNX Runtime was not built for this kind of GPU".to_owned(),
        803 | 804 => {
            "the NVIDIA driver does not fit its libraries, a restart helps after an update"
                .to_owned()
        }
        _ => format!("CUDA reports failure {number}, {said}"),
    }
}

/// `text` with every run of white space as one space: ONNX Runtime ends some of its messages with a line break.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// ONNX Runtime 1.31.1 behind a driver's library that answers with a chosen number, as it came; the functions' types
    /// in its middle are left out.
    fn cuda_words(failure: &str) -> String {
        format!(
            "/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:154 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, const char*, SUCCTYPE, const char*, const char*, int) [with ERRTYPE = cudaError; bool THRW = true; SUCCTYPE = cudaError; std::conditional_t<THRW, void, common::Status> = void] {failure} ; GPU=-1 ; hostname=vm ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=355 ; expr=cudaSetDevice(info_.device_id); \n"
        )
    }

    /// The same where the system's loader refuses a library.
    fn loader_words(said: &str) -> String {
        format!(
            "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2043 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library /opt/rt/libonnxruntime_providers_cuda.so with error: {said}\n"
        )
    }

    /// Every way CUDA is known to fail at the start: ONNX Runtime's words, and the sentence for people.
    pub fn every_failure() -> Vec<(String, &'static str)> {
        vec![
            (
                loader_words(
                    "libcuda.so.1: cannot open shared object file: No such file or directory",
                ),
                "no NVIDIA driver was found (libcuda.so.1 is missing)",
            ),
            (
                loader_words(
                    "libcublasLt.so.13: cannot open shared object file: No such file or directory",
                ),
                "the library libcublasLt.so.13 is missing, `make runtime-cuda` fetches it",
            ),
            (
                loader_words("/opt/rt/libcudnn.so.9: file too short"),
                "the library libcudnn.so.9 does not fit the others or is damaged",
            ),
            (
                cuda_words(
                    "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version",
                ),
                "the NVIDIA driver is too old for this ONNX Runtime, a newer one is needed",
            ),
            (
                cuda_words(
                    "CUDA failure 803: system has unsupported display driver / cuda driver combination",
                ),
                "the NVIDIA driver does not fit its libraries, a restart helps after an update",
            ),
            (
                cuda_words("CUDA failure 100: no CUDA-capable device is detected"),
                "no NVIDIA GPU was found",
            ),
            (
                cuda_words("CUDA failure 2: out of memory"),
                "the GPU has too little free memory",
            ),
            (
                cuda_words("CUDA failure 46: CUDA-capable device(s) is/are busy or unavailable"),
                "the GPU is busy or kept by another program",
            ),
            (
                cuda_words(
                    "CUDA failure 209: no kernel image is available for execution on the device",
                ),
                "this ONNX Runtime was not built for this kind of GPU",
            ),
            (
                cuda_words("CUDA failure 999: unknown error"),
                "CUDA reports failure 999, unknown error",
            ),
            (
                "CUDNN failure 1002: CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH ; GPU=0".to_owned(),
                "NVIDIA's libraries are of versions that do not belong together",
            ),
            (
                "CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0".to_owned(),
                "the GPU has too little free memory",
            ),
        ]
    }

    #[test]
    fn every_known_failure_is_a_short_sentence_and_its_own_words_are_kept_on_one_line() {
        for (words, sentence) in every_failure() {
            let failure = CudaFailure::of_runtime(&words);
            assert_eq!(failure.reason, sentence);
            assert!(
                sentence.chars().count() <= 80,
                "the status bar would cut it: {sentence}"
            );
            assert_eq!(failure.said, one_line(&words));
            assert!(!failure.said.contains('\n'));
            // However they are wrapped on the way.
            let refused = InferenceError::ModelRefused {
                name: "restore".to_owned(),
                message: words,
            };
            assert_eq!(CudaFailure::from(refused), failure);
        }
    }

    #[test]
    fn words_that_are_not_known_are_shown_without_what_stands_in_front_and_not_at_any_length() {
        let short = "[ONNXRuntimeError] : 1 : FAIL : a new kind of failure\r\n";
        assert_eq!(
            CudaFailure::of_runtime(short).reason,
            "a new kind of failure"
        );
        let long = CudaFailure::of_runtime(&"ü ".repeat(500));
        assert_eq!(long.reason.chars().count(), UNKNOWN_CHARS + 1);
        assert_eq!(long.said.chars().count(), 999);
    }

    #[test]
    fn too_little_memory_while_a_network_is_loaded_is_said_of_the_gpu() {
        let failure = CudaFailure::from(InferenceError::OutOfMemory {
            model: "restore".to_owned(),
        });
        assert_eq!(
            failure.reason,
            "the GPU has too little free memory for the network restore"
        );
        assert!(!failure.reason.contains("memory-limit"));
    }
}
