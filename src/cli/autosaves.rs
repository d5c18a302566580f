//! `autosaves`: the work that the window saved while it was done, listed or removed.

use std::time::UNIX_EPOCH;

use anyhow::anyhow;
use serde::Serialize;

use super::Stop;
use super::args::AutosavesArgs;
use super::session::Session;
use crate::io::hex;
use crate::journal::{Entry, JournalFolder};
use crate::mask::MASKED_FROM;

/// The JSON of `autosaves --json`; field names are a promise to other programs.
#[derive(Debug, Serialize)]
struct Listing {
    folder: String,
    works: Vec<Work>,
}

#[derive(Debug, Serialize)]
struct Work {
    file: String,
    bytes: u64,
    /// Milliseconds since 1970, UTC.
    saved_at: u128,
    /// Where the photo was; `null` when nothing can be read.
    photo: Option<String>,
    /// Of the photo's file.
    sha256: Option<String>,
    exported: bool,
    undo_steps: usize,
    /// Painted by hand, an unfinished stroke included.
    painted_pixels: usize,
}

/// Lists, or removes all.
pub(super) fn run(args: AutosavesArgs, session: &Session<'_>) -> Result<(), Stop> {
    let folder = JournalFolder::default_place()
        .ok_or_else(|| anyhow!("the system names no folder for saved work"))?;
    let entries = folder.list();
    if args.remove {
        for entry in &entries {
            folder.remove(&entry.file).map_err(anyhow::Error::from)?;
        }
        let count = entries.len();
        session
            .console
            .result(&format!("removed the saved work on {count} photos"));
        return Ok(());
    }
    let listing = Listing {
        folder: folder.path().display().to_string(),
        works: entries.iter().map(|entry| work(&folder, entry)).collect(),
    };
    if args.json {
        let text = serde_json::to_string_pretty(&listing).map_err(anyhow::Error::from)?;
        session.console.output(&text);
        return Ok(());
    }
    session.console.result(&listing.folder);
    for work in &listing.works {
        let Work {
            file,
            bytes,
            undo_steps,
            ..
        } = work;
        session.console.result(&match &work.photo {
            Some(photo) => format!("{photo}: {undo_steps} edits, {bytes} bytes"),
            None => format!("{file}: cannot be read, {bytes} bytes"),
        });
    }
    Ok(())
}

fn work(folder: &JournalFolder, entry: &Entry) -> Work {
    let painted = folder.read(&entry.file).map(|recovered| {
        let work = recovered.capture.work;
        let editable = work.open.map_or(work.editable, |(_, now)| now);
        let values = editable.mask.added.to_raster();
        values.iter().filter(|value| **value >= MASKED_FROM).count()
    });
    let since = entry.saved_at.duration_since(UNIX_EPOCH);
    let master = entry.master.as_ref();
    Work {
        file: entry.file.display().to_string(),
        bytes: entry.bytes,
        saved_at: since.unwrap_or_default().as_millis(),
        photo: master.map(|master| master.path.display().to_string()),
        sha256: master.map(|master| hex(&master.sha256)),
        exported: entry.exported,
        undo_steps: entry.undo_steps,
        painted_pixels: painted.unwrap_or(0),
    }
}
