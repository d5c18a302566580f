//! The rows: label, tooltip and shortcuts of every command, one file a menu. No behaviour.

mod edit;
mod file;
mod help;
mod marks;
mod tools;
mod view;

use super::{Command, CommandRow, Group, Shortcut};

const fn row(
    command: Command,
    group: Group,
    label: &'static str,
    tooltip: &'static str,
    shortcuts: &'static [Shortcut],
) -> CommandRow {
    CommandRow {
        command,
        label,
        tooltip,
        group,
        shortcuts,
        repeats: false,
    }
}

const fn repeating(row: CommandRow) -> CommandRow {
    CommandRow {
        repeats: true,
        ..row
    }
}

/// The rows of each menu, in the order of the menu bar.
const MENUS: [&[CommandRow]; 6] = [
    file::ROWS,
    edit::ROWS,
    marks::ROWS,
    view::ROWS,
    tools::ROWS,
    help::ROWS,
];

const COUNT: usize = {
    let (mut count, mut menu) = (0, 0);
    while menu < MENUS.len() {
        count += MENUS[menu].len();
        menu += 1;
    }
    count
};

/// All of them after each other; loops, since iterators do not run in constants.
const ALL: [CommandRow; COUNT] = {
    let mut all = [MENUS[0][0]; COUNT];
    let (mut at, mut menu) = (0, 0);
    while menu < MENUS.len() {
        let mut row = 0;
        while row < MENUS[menu].len() {
            all[at] = MENUS[menu][row];
            at += 1;
            row += 1;
        }
        menu += 1;
    }
    all
};

/// The table.
pub const COMMANDS: &[CommandRow] = &ALL;
