//! What each icon is made of, in a unit square. Painted by the module above.

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A folder, open files.
    Open,
    /// Arrow out of a tray.
    Export,
    /// Arrow turning back.
    Undo,
    /// Arrow turning forth.
    Redo,
    /// Paint brush.
    Brush,
    /// Eraser.
    Eraser,
    /// A shield.
    Protect,
    /// A line with its two ends.
    Line,
    /// A loop with a loose end.
    Lasso,
    /// An outline of straight pieces.
    Polygon,
    /// A rectangle with corners.
    Rectangle,
    /// A bucket that pours.
    FillHole,
    /// A pointer on a crooked line.
    Trace,
    /// A magnifying glass over a frame.
    SearchArea,
    /// A plaster.
    Mend,
    /// Only the result.
    Restored,
    /// Divided picture.
    Split,
    /// Two pictures.
    SideBySide,
    /// Corners of a frame.
    Fit,
    /// One to one.
    Actual,
    /// An eye.
    Overlay,
    /// A photograph.
    Photo,
    /// A triangle with an exclamation mark.
    Warning,
}

/// One stroke of an icon, in a unit square, y downwards.
pub(super) enum Mark {
    /// An open line through points.
    Line(&'static [(f32, f32)]),
    /// A filled convex shape.
    Fill(&'static [(f32, f32)]),
    /// A rectangle: left, top, right, bottom.
    Frame(f32, f32, f32, f32),
    /// A circle: centre and radius.
    Circle(f32, f32, f32),
    /// A dot as wide as a line.
    Dot(f32, f32),
    /// Eight rays: centre and radius.
    Star(f32, f32, f32),
    /// The arrow of undo, or mirrored of redo.
    Turn { forth: bool },
}

use Mark::{Circle, Dot, Fill, Frame, Line, Star, Turn};

const OPEN: &[Mark] = &[Line(&[
    (0.1, 0.8),
    (0.1, 0.22),
    (0.38, 0.22),
    (0.48, 0.34),
    (0.9, 0.34),
    (0.9, 0.8),
    (0.1, 0.8),
])];
const EXPORT: &[Mark] = &[
    Line(&[(0.14, 0.58), (0.14, 0.86), (0.86, 0.86), (0.86, 0.58)]),
    Line(&[(0.5, 0.66), (0.5, 0.12)]),
    Line(&[(0.28, 0.34), (0.5, 0.12), (0.72, 0.34)]),
];
const BRUSH: &[Mark] = &[
    Line(&[(0.88, 0.12), (0.46, 0.56)]),
    Fill(&[
        (0.46, 0.5),
        (0.53, 0.58),
        (0.44, 0.78),
        (0.14, 0.88),
        (0.25, 0.6),
    ]),
];
const ERASER: &[Mark] = &[
    Line(&[
        (0.1, 0.62),
        (0.52, 0.16),
        (0.86, 0.46),
        (0.48, 0.86),
        (0.3, 0.86),
        (0.1, 0.62),
    ]),
    Line(&[(0.3, 0.4), (0.66, 0.7)]),
    Line(&[(0.3, 0.86), (0.9, 0.86)]),
];
const PROTECT: &[Mark] = &[
    Line(&[
        (0.5, 0.1),
        (0.84, 0.22),
        (0.84, 0.5),
        (0.72, 0.72),
        (0.5, 0.9),
        (0.28, 0.72),
        (0.16, 0.5),
        (0.16, 0.22),
        (0.5, 0.1),
    ]),
    Line(&[(0.34, 0.48), (0.46, 0.6), (0.67, 0.37)]),
];
const LINE: &[Mark] = &[
    Line(&[(0.2, 0.8), (0.8, 0.2)]),
    Frame(0.1, 0.74, 0.26, 0.9),
    Frame(0.74, 0.1, 0.9, 0.26),
];
const LASSO: &[Mark] = &[
    Line(&[
        (0.34, 0.64),
        (0.14, 0.54),
        (0.1, 0.36),
        (0.26, 0.2),
        (0.54, 0.14),
        (0.8, 0.22),
        (0.9, 0.4),
        (0.78, 0.58),
        (0.54, 0.66),
        (0.34, 0.64),
        (0.28, 0.74),
        (0.36, 0.82),
        (0.32, 0.92),
    ]),
    Circle(0.32, 0.68, 0.06),
];
const POLYGON: &[Mark] = &[
    Line(&[
        (0.18, 0.78),
        (0.12, 0.3),
        (0.5, 0.44),
        (0.78, 0.12),
        (0.9, 0.72),
        (0.18, 0.78),
    ]),
    Dot(0.18, 0.78),
    Dot(0.12, 0.3),
    Dot(0.5, 0.44),
    Dot(0.78, 0.12),
    Dot(0.9, 0.72),
];
const RECTANGLE: &[Mark] = &[
    Frame(0.14, 0.24, 0.86, 0.76),
    Dot(0.14, 0.24),
    Dot(0.86, 0.24),
    Dot(0.86, 0.76),
    Dot(0.14, 0.76),
];
const FILL_HOLE: &[Mark] = &[
    Line(&[
        (0.4, 0.12),
        (0.76, 0.48),
        (0.42, 0.82),
        (0.08, 0.48),
        (0.4, 0.16),
    ]),
    Fill(&[(0.12, 0.5), (0.74, 0.5), (0.42, 0.8)]),
    Fill(&[(0.88, 0.58), (0.96, 0.78), (0.88, 0.88), (0.8, 0.78)]),
];
const TRACE: &[Mark] = &[
    Line(&[
        (0.1, 0.72),
        (0.28, 0.52),
        (0.46, 0.6),
        (0.62, 0.34),
        (0.9, 0.18),
    ]),
    Line(&[(0.46, 0.6), (0.74, 0.9)]),
    Line(&[(0.46, 0.78), (0.46, 0.6), (0.64, 0.6)]),
];
const SEARCH_AREA: &[Mark] = &[
    Line(&[(0.3, 0.12), (0.12, 0.12), (0.12, 0.3)]),
    Line(&[(0.7, 0.12), (0.88, 0.12), (0.88, 0.3)]),
    Line(&[(0.3, 0.88), (0.12, 0.88), (0.12, 0.7)]),
    Circle(0.48, 0.48, 0.2),
    Line(&[(0.63, 0.63), (0.9, 0.9)]),
];
const RESTORED: &[Mark] = &[Frame(0.12, 0.2, 0.88, 0.8), Star(0.5, 0.5, 0.2)];
const SPLIT: &[Mark] = &[
    Frame(0.12, 0.2, 0.88, 0.8),
    Line(&[(0.5, 0.08), (0.5, 0.92)]),
    Fill(&[(0.5, 0.2), (0.88, 0.2), (0.88, 0.8), (0.5, 0.8)]),
];
const SIDE_BY_SIDE: &[Mark] = &[Frame(0.08, 0.22, 0.46, 0.78), Frame(0.54, 0.22, 0.92, 0.78)];
const FIT: &[Mark] = &[
    Line(&[(0.36, 0.12), (0.12, 0.12), (0.12, 0.36)]),
    Line(&[(0.64, 0.12), (0.88, 0.12), (0.88, 0.36)]),
    Line(&[(0.64, 0.88), (0.88, 0.88), (0.88, 0.64)]),
    Line(&[(0.36, 0.88), (0.12, 0.88), (0.12, 0.64)]),
];
const ACTUAL: &[Mark] = &[
    Line(&[(0.14, 0.32), (0.26, 0.22), (0.26, 0.8)]),
    Line(&[(0.66, 0.32), (0.78, 0.22), (0.78, 0.8)]),
    Dot(0.5, 0.4),
    Dot(0.5, 0.66),
];
const OVERLAY: &[Mark] = &[
    Line(&[
        (0.06, 0.5),
        (0.24, 0.3),
        (0.5, 0.22),
        (0.76, 0.3),
        (0.94, 0.5),
        (0.76, 0.7),
        (0.5, 0.78),
        (0.24, 0.7),
        (0.06, 0.5),
    ]),
    Circle(0.5, 0.5, 0.13),
];
const PHOTO: &[Mark] = &[
    Frame(0.08, 0.16, 0.92, 0.84),
    Circle(0.32, 0.37, 0.08),
    Line(&[
        (0.08, 0.72),
        (0.34, 0.54),
        (0.5, 0.66),
        (0.7, 0.44),
        (0.92, 0.64),
    ]),
];
const MEND: &[Mark] = &[
    Line(&[
        (0.12, 0.66),
        (0.66, 0.12),
        (0.88, 0.34),
        (0.34, 0.88),
        (0.12, 0.66),
    ]),
    Line(&[(0.36, 0.42), (0.58, 0.64)]),
    Line(&[(0.42, 0.36), (0.64, 0.58)]),
    Dot(0.5, 0.5),
];
const WARNING: &[Mark] = &[
    Line(&[(0.5, 0.12), (0.94, 0.86), (0.06, 0.86), (0.5, 0.12)]),
    Line(&[(0.5, 0.4), (0.5, 0.62)]),
    Dot(0.5, 0.74),
];

impl Icon {
    pub(super) const fn marks(self) -> &'static [Mark] {
        match self {
            Self::Open => OPEN,
            Self::Export => EXPORT,
            Self::Undo => &[Turn { forth: false }],
            Self::Redo => &[Turn { forth: true }],
            Self::Brush => BRUSH,
            Self::Eraser => ERASER,
            Self::Protect => PROTECT,
            Self::Line => LINE,
            Self::Lasso => LASSO,
            Self::Polygon => POLYGON,
            Self::Rectangle => RECTANGLE,
            Self::FillHole => FILL_HOLE,
            Self::Trace => TRACE,
            Self::SearchArea => SEARCH_AREA,
            Self::Mend => MEND,
            Self::Restored => RESTORED,
            Self::Split => SPLIT,
            Self::SideBySide => SIDE_BY_SIDE,
            Self::Fit => FIT,
            Self::Actual => ACTUAL,
            Self::Overlay => OVERLAY,
            Self::Photo => PHOTO,
            Self::Warning => WARNING,
        }
    }
}
