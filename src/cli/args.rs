//! What can be typed: subcommands, options and their values. Nothing is done here.

use std::num::{NonZeroU8, NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::values::{
    parse_memory_limit, parse_page, parse_repeats, parse_threads, parse_threshold,
};
use crate::io::NameTemplate;
use crate::photo::TransferChoice;

/// Removes scratches, cracks, folds and dust from scanned photographs.
///
/// Without a subcommand the window opens.
#[derive(Debug, Parser)]
#[command(
    name = "unscratch",
    bin_name = "unscratch",
    version,
    after_help = "Exit codes: 0 done; 1 a file was missing, unreadable or refused, or something could not run; 2 wrong options; 130 stopped with Ctrl-C, SIGTERM or SIGHUP."
)]
pub struct Cli {
    /// Photo to open in the window
    pub file: Option<PathBuf>,
    #[command(flatten)]
    /// Options every subcommand takes.
    pub common: Common,
    #[command(subcommand)]
    /// What to do without a window.
    pub command: Option<Command>,
}

/// What to do without a window.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find the damage, repair it, write the result
    Restore(RestoreArgs),
    /// Find the damage and write it as a mask (0 or 255, not grown)
    Detect(DetectArgs),
    /// Repair what a mask marks: the same as restore --mask-in
    Inpaint(InpaintArgs),
    /// Check a restoration record: the files' checksums, and that restoring again gives the same pixels
    Verify(VerifyArgs),
    /// Show what this program can use on this machine
    Doctor(DoctorArgs),
    /// List or remove the work that the window saved while it was done
    Autosaves(AutosavesArgs),
    /// Measure how fast it is on this machine; takes a minute or two
    Bench(BenchArgs),
    /// Measure how good it is on your own pairs of damaged and sound pictures
    Eval(EvalArgs),
}

/// Options every subcommand takes, before or after its name.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// What runs the networks; auto takes CUDA when it really works, else the CPU
    #[arg(long, global = true, value_enum, default_value_t = Provider::Auto)]
    pub provider: Provider,
    /// Threads for the networks [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = parse_threads)]
    pub threads: Option<NonZeroUsize>,
    /// Folder of models to use instead of the built-in ones
    #[arg(long, global = true, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// ONNX Runtime library, or the folder that holds it
    #[arg(long, global = true, value_name = "LIB")]
    pub runtime: Option<PathBuf>,
    /// Memory for the networks (half of it) and what is kept beside the decoded photo, such as 512M or 2G, at least 192M; the photo, what grows with it while it is searched and written, and the program itself come on top [default: 1G]
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_memory_limit)]
    pub memory_limit: Option<u64>,
    /// Page of a TIFF to work on, counted from 1 [default: the first that is no reduced copy]
    #[arg(long, global = true, value_name = "N", value_parser = parse_page)]
    pub page: Option<NonZeroU32>,
    /// Whether photos are linear scans, whose code values are proportional to light; auto reads it from the colour profile, or a PNG's gamma
    #[arg(long, global = true, value_enum, default_value_t = Linear::Auto)]
    pub linear: Linear,
    /// Replace existing files (never the original)
    #[arg(long, global = true)]
    pub overwrite: bool,
    /// Only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// More detail; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// What runs the networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Provider {
    /// CUDA when it really works, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// CUDA or an error.
    Cuda,
}

/// Whether photos are linear scans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Linear {
    /// As the file states it.
    #[default]
    Auto,
    /// They are, whatever the file states.
    Yes,
    /// They are not, whatever the file states.
    No,
}

impl From<Linear> for TransferChoice {
    fn from(linear: Linear) -> Self {
        match linear {
            Linear::Auto => Self::Automatic,
            Linear::Yes => Self::Linear,
            Linear::No => Self::Encoded,
        }
    }
}

/// Arguments of `restore`.
#[derive(Args, Clone, Debug)]
pub struct RestoreArgs {
    /// Photos to restore
    #[arg(required = true, value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    /// Where the result goes.
    pub target: Target,
    /// Repair what this mask marks instead of searching (grey, 0 = not marked, 255 = repair; the photo's size); it is grown by 1 to 4 px and a soft edge
    #[arg(long, value_name = "M", conflicts_with_all = ["threshold", "sensitivity"])]
    pub mask_in: Option<PathBuf>,
    /// Probability from which a pixel counts as damage, 0 to 1 [default: the model's, 0.5, in a photo with certain damage, from 0.65 on; else 0.8]
    #[arg(long, value_name = "T", value_parser = parse_threshold)]
    pub threshold: Option<f32>,
    /// The threshold by name
    #[arg(long, value_enum, conflicts_with = "threshold")]
    pub sensitivity: Option<Sensitivity>,
    /// Names in DIR, such as "{stem}_restored{_vNN}": _v02 and so on where a name is taken [default: {stem}_restored]
    #[arg(long, value_name = "NAME")]
    pub name_template: Option<NameTemplate>,
    #[command(flatten)]
    /// How it is written, and what is written with it.
    pub output: Output,
}

/// Where restored photos go: one of the two.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Target {
    /// Restored photo; its end (.png, .tif, .jpg) names the kind of file
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Folder for {stem}_restored.{ext}
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
}

/// How restored photos are written, and what is written with them.
#[derive(Args, Clone, Debug, Default)]
pub struct Output {
    /// Kind of file [default: by OUT's name; in a folder TIFF for a TIFF and PNG for all others, JPEG too, since compressing a photo again would change all of it]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// JPEG quality [default: a JPEG's own tables and subsampling; 95 for others]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: Option<u8>,
    /// Also write what was repaired as a mask, grown and with its soft edge (0 = untouched; given back it would be grown again); with several photos a folder
    #[arg(long, value_name = "M")]
    pub mask_out: Option<PathBuf>,
    /// Also write a report as JSON
    #[arg(long, value_name = "R.json")]
    pub report: Option<PathBuf>,
    /// Also write mask, picture of the changes, record and checksums beside the result, for an archive
    #[arg(long, conflicts_with = "mask_out")]
    pub dossier: bool,
    /// What the result's XMP says of the restoration [default: record with --dossier, else untouched]
    #[arg(long, value_enum)]
    pub metadata: Option<MetadataMode>,
    /// Who restores the photo, for the record
    #[arg(long, value_name = "NAME", requires = "dossier")]
    pub operator: Option<String>,
    /// Why it is restored, for the record
    #[arg(long, value_name = "TEXT", requires = "dossier")]
    pub reason: Option<String>,
}

impl Output {
    /// Whether the result's XMP is to say what was done.
    pub fn extends_xmp(&self) -> bool {
        match self.metadata {
            Some(mode) => mode == MetadataMode::Record,
            None => self.dossier,
        }
    }
}

/// What the result's XMP says of the restoration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MetadataMode {
    /// Adds history, origin and digital source type.
    Record,
    /// Adds nothing.
    Untouched,
}

/// Kind of file to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// TIFF, lossless.
    #[value(alias = "tif")]
    Tiff,
    /// PNG, lossless.
    Png,
    /// JPEG, lossy, 8 bits.
    #[value(alias = "jpg")]
    Jpeg,
}

/// The threshold by name; the model's manifest holds the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sensitivity {
    /// Only what is certain.
    Timid,
    /// The model's default.
    Normal,
    /// Whatever may be damage.
    Eager,
}

/// Arguments of `detect`.
#[derive(Args, Clone, Debug)]
pub struct DetectArgs {
    /// Photo to search
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Mask to write, .png or .tif: 0 or 255, not grown
    #[arg(short, long, value_name = "MASK")]
    pub output: PathBuf,
    /// Also write the probability of damage, 255 = certain
    #[arg(long, value_name = "P")]
    pub probability: Option<PathBuf>,
    /// Probability from which a pixel counts as damage, 0 to 1 [default: the model's, 0.5, in a photo with certain damage; else 0.8]
    #[arg(long, value_name = "T", value_parser = parse_threshold)]
    pub threshold: Option<f32>,
}

/// Arguments of `inpaint`.
#[derive(Args, Clone, Debug)]
pub struct InpaintArgs {
    /// Photo to repair
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// What to repair (grey, 0 = not marked, 255 = repair; the photo's size); it is grown by 1 to 4 px and a soft edge
    #[arg(long, value_name = "M")]
    pub mask: PathBuf,
    /// Restored photo; its end (.png, .tif, .jpg) names the kind of file
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    #[command(flatten)]
    /// How it is written, and what is written with it.
    pub options: Output,
}

impl From<InpaintArgs> for RestoreArgs {
    fn from(args: InpaintArgs) -> Self {
        let InpaintArgs {
            input,
            mask,
            output,
            options,
        } = args;
        Self {
            inputs: vec![input],
            target: Target {
                output: Some(output),
                out_dir: None,
            },
            mask_in: Some(mask),
            threshold: None,
            sensitivity: None,
            name_template: None,
            output: options,
        }
    }
}

/// Arguments of `verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// Record to check, with its files beside it
    #[arg(value_name = "NAME.restoration.json")]
    pub record: PathBuf,
    /// Only the checksums
    #[arg(long)]
    pub hashes: bool,
    /// The original, where it does not lie beside the record
    #[arg(long, value_name = "FILE")]
    pub master: Option<PathBuf>,
}

/// Arguments of `doctor`.
#[derive(Args, Clone, Copy, Debug)]
pub struct DoctorArgs {
    /// As JSON, for other programs
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `autosaves`.
#[derive(Args, Clone, Copy, Debug)]
pub struct AutosavesArgs {
    /// As JSON, for other programs
    #[arg(long)]
    pub json: bool,
    /// Remove all of it; work that a window is doing now stays
    #[arg(long, conflicts_with = "json")]
    pub remove: bool,
}

/// Arguments of `bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Photo to measure on instead of a made one of 6 megapixels
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// As JSON, for other programs
    #[arg(long)]
    pub json: bool,
    /// Measurements of each kind, after a first one that does not count
    #[arg(long, value_name = "N", default_value = "11", value_parser = parse_repeats)]
    pub repeats: NonZeroU8,
}

/// Arguments of `eval`.
#[derive(Args, Clone, Debug)]
pub struct EvalArgs {
    /// Folder of damaged pictures
    #[arg(long, value_name = "DIR")]
    pub damaged: PathBuf,
    /// Folder of the same pictures without damage, of the same names (endings may differ) and sizes
    #[arg(long, value_name = "DIR")]
    pub clean: PathBuf,
    /// Folder of masks of the damage, of the same names (255 = damage, 128 = doubtful, 0 = sound)
    #[arg(long, value_name = "DIR")]
    pub masks: Option<PathBuf>,
    /// Repair what the masks mark instead of searching: measures the filling alone
    #[arg(long, requires = "masks", conflicts_with_all = ["threshold", "sensitivity"])]
    pub use_masks: bool,
    /// Probability from which a pixel counts as damage, 0 to 1 [default: the model's, 0.5, in a photo with certain damage; else 0.8]
    #[arg(long, value_name = "T", value_parser = parse_threshold)]
    pub threshold: Option<f32>,
    /// The threshold by name
    #[arg(long, value_enum, conflicts_with = "threshold")]
    pub sensitivity: Option<Sensitivity>,
    /// Also write all figures as JSON
    #[arg(long, value_name = "R.json")]
    pub report: Option<PathBuf>,
    /// Also write a contact sheet: damaged, mask, restored, clean
    #[arg(long, value_name = "S.png")]
    pub sheet: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_options_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_options_work_before_and_after_the_subcommand() {
        for line in [
            "unscratch --provider cpu --threads 2 --overwrite -v doctor",
            "unscratch doctor --provider cpu --threads 2 --overwrite -v",
        ] {
            let cli = parse(line).unwrap();
            assert_eq!(cli.common.provider, Provider::Cpu, "{line}");
            assert_eq!(cli.common.threads.unwrap().get(), 2, "{line}");
            assert!(cli.common.overwrite, "{line}");
            assert_eq!(cli.common.verbose, 1, "{line}");
            assert!(matches!(cli.command, Some(Command::Doctor(_))), "{line}");
        }
    }

    #[test]
    fn a_photo_is_told_to_be_a_linear_scan_or_not_and_is_asked_otherwise() {
        let choice = |line: &str| TransferChoice::from(parse(line).unwrap().common.linear);
        for line in ["unscratch restore a.tif -o b.tif", "unscratch a.tif"] {
            assert_eq!(choice(line), TransferChoice::Automatic, "{line}");
        }
        let linear = choice("unscratch --linear yes eval --damaged a --clean b");
        assert_eq!(linear, TransferChoice::Linear);
        let encoded = choice("unscratch inpaint a.tif --mask m.png -o b.tif --linear no");
        assert_eq!(encoded, TransferChoice::Encoded);
    }

    #[test]
    fn a_lone_file_or_nothing_opens_the_window() {
        let cli = parse("unscratch photo.tif").unwrap();
        assert_eq!(cli.file, Some(PathBuf::from("photo.tif")));
        assert!(cli.command.is_none());
        assert!(parse("unscratch").unwrap().command.is_none());
    }

    #[test]
    fn wrong_combinations_are_refused() {
        for line in [
            "unscratch restore a.png",
            "unscratch restore -o b.png",
            "unscratch restore a.png -o b.png --out-dir c",
            "unscratch restore a.png -o b.png --threshold 0.5 --sensitivity eager",
            "unscratch restore a.png -o b.png --mask-in m.png --threshold 0.5",
            "unscratch restore a.png -o b.png --threshold 1.01",
            "unscratch restore a.png -o b.png --threshold nan",
            "unscratch restore a.png -o b.png --format gif",
            "unscratch restore a.png --out-dir d --name-template {stem}{date}",
            "unscratch restore a.png -o b.jpg --quality 0",
            "unscratch restore a.png -o b.jpg --quality 101",
            "unscratch restore a.png -o b.png --threads 0",
            "unscratch restore a.png -o b.png --provider tpu",
            "unscratch restore a.png -o b.png -q -v",
            "unscratch restore a.png -o b.png --linear maybe",
            "unscratch detect a.png",
            "unscratch inpaint a.png -o b.png",
            "unscratch restore a.png -o b.png --dossier --mask-out m.png",
            "unscratch restore a.png -o b.png --operator me",
            "unscratch verify",
            "unscratch eval --damaged d",
            "unscratch eval --damaged d --clean c --use-masks",
            "unscratch eval --damaged d --clean c --masks m --use-masks --threshold 0.3",
            "unscratch doctor --memory-limit lots",
            "unscratch doctor --memory-limit 191M",
        ] {
            let error = parse(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
