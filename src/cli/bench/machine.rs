//! What the figures belong to: processor, cores, memory. Read from Linux's `/proc`; unknown elsewhere.

use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Machine {
    /// The processor's name; `null` where the system does not tell.
    pub processor: Option<String>,
    /// Cores this process may use.
    pub cores: usize,
    pub memory_bytes: Option<u64>,
    pub system: &'static str,
}

impl Machine {
    pub fn here() -> Self {
        Self {
            processor: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: field("/proc/meminfo", "MemTotal").and_then(|text| {
                let kib: u64 = text.split_whitespace().next()?.parse().ok()?;
                Some(kib * 1024)
            }),
            system: std::env::consts::OS,
        }
    }

    pub fn to_text(&self) -> String {
        let processor = self.processor.as_deref().unwrap_or("unknown processor");
        let memory = self.memory_bytes.map_or_else(
            || "unknown memory".to_owned(),
            |bytes| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
        );
        format!(
            "{processor}, {} cores, {memory}, {}",
            self.cores, self.system
        )
    }
}

/// The value of the first `name : value` line of a file below `/proc`.
fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}
