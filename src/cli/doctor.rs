//! `doctor`: what this program finds and can really use on this machine.

use std::fmt::Write as _;

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::Stop;
use super::args::{DoctorArgs, Provider};
use super::session::Session;
use crate::inference::{ProviderKind, check_models, probe_providers, runtime, unprobed_providers};

/// The JSON of `doctor --json`; field names are a promise to other programs.
#[derive(Debug, Serialize)]
struct Findings {
    version: &'static str,
    runtime: Runtime,
    providers: Vec<ProviderFinding>,
    models: Vec<Model>,
}

/// The ONNX Runtime library; both `null` when none can be loaded.
#[derive(Debug, Serialize)]
struct Runtime {
    path: Option<String>,
    version: Option<String>,
    /// Why there is none, in a few words.
    #[serde(skip)]
    lack: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct ProviderFinding {
    /// `cpu` or `cuda`, as `--provider` takes it.
    name: &'static str,
    /// Built into the library.
    offered: bool,
    /// Ran both networks just now.
    works: bool,
    /// Why it does not work; empty when it does.
    reason: String,
}

#[derive(Debug, Serialize)]
struct Model {
    id: String,
    sha256: String,
}

/// Looks, prints, and fails when the provider chosen (the CPU for `auto`) could not restore a photo.
pub(super) fn run(args: DoctorArgs, session: &Session<'_>) -> Result<(), Stop> {
    let options = session.engine_options();
    let mut problems = Vec::new();
    let mut lack = None;
    let runtime = runtime::load(options.runtime.as_deref())
        .map_err(|error| {
            lack = Some(error.in_short());
            problems.push(error.to_string());
        })
        .ok();
    let models = check_models(options.models_dir.as_deref())
        .map_err(|error| problems.push(error.to_string()))
        .map(Vec::from)
        .unwrap_or_default();
    let providers = if problems.is_empty() {
        probe_providers(&options).unwrap_or_else(|error| {
            problems.push(error.to_string());
            unprobed_providers(runtime.is_some(), &problems.join("; "))
        })
    } else {
        unprobed_providers(runtime.is_some(), &problems.join("; "))
    };
    let findings = Findings {
        version: env!("CARGO_PKG_VERSION"),
        runtime: Runtime {
            path: runtime
                .as_ref()
                .map(|runtime| runtime.path.display().to_string()),
            version: runtime.map(|runtime| runtime.version),
            lack,
        },
        providers: providers
            .into_iter()
            .map(|probe| ProviderFinding {
                name: option_name(probe.kind),
                offered: probe.offered,
                works: probe.works,
                reason: probe.reason,
            })
            .collect(),
        models: models
            .into_iter()
            .map(|model| Model {
                id: model.id,
                sha256: model.sha256,
            })
            .collect(),
    };
    print(&findings, args, session)?;
    findings.refuse_unusable(session.common.provider, problems)
}

/// A provider as `--provider` names it.
pub(super) const fn option_name(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Cpu => "cpu",
        ProviderKind::Cuda => "cuda",
    }
}

fn print(findings: &Findings, args: DoctorArgs, session: &Session<'_>) -> Result<(), Stop> {
    let text = if args.json {
        serde_json::to_string_pretty(findings).context("the findings cannot be written as JSON")?
    } else {
        findings
            .to_text()
            .context("the findings cannot be written")?
    };
    session.console.output(text.trim_end());
    Ok(())
}

impl Findings {
    fn to_text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        writeln!(text, "Unscratch {}", self.version)?;
        if let (Some(path), Some(version)) = (&self.runtime.path, &self.runtime.version) {
            writeln!(text, "ONNX Runtime {version}: {path}")?;
        } else {
            let lack = self.runtime.lack.unwrap_or("not found");
            writeln!(text, "ONNX Runtime: {lack}")?;
        }
        for provider in &self.providers {
            let state = match (provider.works, provider.offered) {
                (true, _) => "works".to_owned(),
                (false, true) => format!("offered, does not work: {}", provider.reason),
                (false, false) => format!("not offered: {}", provider.reason),
            };
            writeln!(text, "Provider {}: {state}", provider.name)?;
        }
        for model in &self.models {
            writeln!(text, "Model {}: SHA-256 {}", model.id, model.sha256)?;
        }
        Ok(text)
    }

    fn refuse_unusable(&self, chosen: Provider, mut problems: Vec<String>) -> Result<(), Stop> {
        let needed = if chosen == Provider::Cuda {
            "cuda"
        } else {
            "cpu"
        };
        let broken = self
            .providers
            .iter()
            .find(|provider| provider.name == needed && !provider.works);
        if problems.is_empty() {
            let Some(provider) = broken else {
                return Ok(());
            };
            problems.push(format!("{needed} does not work: {}", provider.reason));
        }
        Err(anyhow!(problems.join("; ")).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(reason: &str) -> Findings {
        let provider = |name, works, reason: &str| ProviderFinding {
            name,
            offered: true,
            works,
            reason: reason.to_owned(),
        };
        Findings {
            version: "1",
            runtime: Runtime {
                path: Some("/opt/libonnxruntime.so".to_owned()),
                version: Some("1.31.1".to_owned()),
                lack: None,
            },
            providers: vec![provider("cpu", true, ""), provider("cuda", false, reason)],
            models: Vec::new(),
        }
    }

    #[test]
    fn a_gpu_that_fails_has_a_line_with_the_reason_and_fails_who_asked_for_it() {
        for reason in [
            "libcublasLt.so.13: cannot open shared object file",
            "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version",
            "the GPU has too little free memory to load the network restore",
        ] {
            let findings = findings(reason);
            let text = findings.to_text().unwrap();
            let line = format!("Provider cuda: offered, does not work: {reason}");
            assert!(text.lines().any(|said| said == line), "{text}");
            assert!(text.contains("Provider cpu: works"), "{text}");
            assert!(findings.refuse_unusable(Provider::Auto, Vec::new()).is_ok());
            let stop = findings.refuse_unusable(Provider::Cuda, Vec::new());
            let Err(Stop::Failed(error)) = stop else {
                panic!("CUDA was asked for and does not work");
            };
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
