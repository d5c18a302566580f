//! What *Clear marks* erased, told from what the person erased by hand: a search that is asked for gives the first back.

use std::collections::HashSet;

use super::{Edit, History, LayerName, label};
use crate::geometry::TileIndex;
use crate::mask::tile::MASK_TILE_BYTES;
use crate::mask::{Mask, MaskLayer, MaskTile};

impl History {
    /// The removed layer of `now` without what [`label::CLEAR_MASK`] put there and nothing changed since; `None` when that is
    /// nothing. Only edits that are kept are known.
    pub fn removed_without_clearing(&self, now: &Mask) -> Option<MaskLayer> {
        let cleared: HashSet<TileIndex> = self
            .undo
            .iter()
            .filter(|edit| edit.label == label::CLEAR_MASK)
            .flat_map(|edit| &edit.tiles)
            .filter(|(layer, ..)| *layer == LayerName::Removed)
            .map(|(_, index, _)| *index)
            .collect();
        let mut removed = now.removed.clone();
        let mut is_changed = false;
        for index in cleared {
            if let Some(tile) = self.uncovered(&now.removed, index) {
                removed.replace_tile(index, Some(tile.into()));
                is_changed = true;
            }
        }
        is_changed.then_some(removed)
    }

    /// The tile at `index` as it was where the newest edit that changed a value was a clearing.
    fn uncovered(&self, now: &MaskLayer, index: TileIndex) -> Option<MaskTile> {
        let now = values(now.tile(index).map(AsRef::as_ref));
        let mut result = now.to_vec();
        let mut is_settled = vec![false; MASK_TILE_BYTES];
        let mut after = now;
        for edit in self.undo.iter().rev() {
            let Some(before) = removed_before(edit, index) else {
                continue;
            };
            let clears = edit.label == label::CLEAR_MASK;
            let pairs = before.iter().zip(after);
            let targets = result.iter_mut().zip(&mut is_settled);
            for ((&before, &after), (value, is_settled)) in pairs.zip(targets) {
                if before != after && !*is_settled {
                    *is_settled = true;
                    if clears && before < after {
                        *value = before;
                    }
                }
            }
            after = before;
        }
        let is_changed = result != now;
        MaskTile::from_values(result).filter(|_| is_changed)
    }
}

/// What the tile of the removed layer held before `edit`; `None` when that left it alone.
fn removed_before(edit: &Edit, index: TileIndex) -> Option<&[u8]> {
    let mut tiles = edit.tiles.iter();
    tiles
        .find(|(layer, at, _)| *layer == LayerName::Removed && *at == index)
        .map(|(.., tile)| values(tile.as_deref()))
}

/// All values of a tile that may be absent.
fn values(tile: Option<&MaskTile>) -> &[u8] {
    static ZEROS: [u8; MASK_TILE_BYTES] = [0; MASK_TILE_BYTES];
    tile.map_or(&ZEROS, MaskTile::values)
}
