//! Largest values in small neighbourhoods of every pixel: how masks and maps are widened for measuring.

use crate::geometry::ImageSize;

/// The largest value within `radius` px to the left and right and, independently, above and below: a rectangle.
///
/// Row-major values of `size`; what lies outside counts as nothing.
pub(super) fn largest_in_square(values: &[u8], size: ImageSize, radius: usize) -> Vec<u8> {
    let rows = largest_in_row(values, size, radius);
    largest_in_column(&rows, size, radius)
}

/// The largest value within 2 px: over the disc dx² + dy² ≤ 4, 13 px.
pub(super) fn largest_within_2px(values: &[u8], size: ImageSize) -> Vec<u8> {
    let mut largest = largest_in_square(values, size, 1);
    for arm in [
        largest_in_row(values, size, 2),
        largest_in_column(values, size, 2),
    ] {
        for (value, other) in largest.iter_mut().zip(arm) {
            *value = (*value).max(other);
        }
    }
    largest
}

fn largest_in_row(values: &[u8], size: ImageSize, radius: usize) -> Vec<u8> {
    let width = size.width as usize;
    let mut largest = values.to_vec();
    for (row, out) in values
        .chunks_exact(width)
        .zip(largest.chunks_exact_mut(width))
    {
        for step in 1..=radius.min(width.saturating_sub(1)) {
            raise(&mut out[step..], row);
            raise(out, &row[step..]);
        }
    }
    largest
}

fn largest_in_column(values: &[u8], size: ImageSize, radius: usize) -> Vec<u8> {
    let width = size.width as usize;
    let mut largest = values.to_vec();
    for step in 1..=radius.min(size.height.saturating_sub(1) as usize) {
        raise(&mut largest[step * width..], values);
        raise(&mut largest, &values[step * width..]);
    }
    largest
}

/// Raises each value to the other's, as far as both reach.
fn raise(values: &mut [u8], others: &[u8]) {
    for (value, &other) in values.iter_mut().zip(others) {
        *value = (*value).max(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(size: ImageSize, x: u32, y: u32) -> Vec<u8> {
        let mut values = vec![0; size.pixel_count()];
        values[size.index(x, y)] = 7;
        values
    }

    fn count(values: &[u8]) -> usize {
        values.iter().filter(|&&value| value > 0).count()
    }

    #[test]
    fn two_px_are_a_disc_of_13() {
        let size = ImageSize::new(9, 7);
        assert_eq!(count(&largest_within_2px(&point(size, 4, 3), size)), 13);
        // Cut by two borders: 3 in the row, 3 in the column, one shared, and the diagonal neighbour.
        assert_eq!(count(&largest_within_2px(&point(size, 0, 0), size)), 6);
    }

    #[test]
    fn a_square_ends_at_the_border_and_does_not_wrap() {
        let size = ImageSize::new(9, 7);
        assert_eq!(count(&largest_in_square(&point(size, 4, 3), size, 3)), 49);
        let corner = largest_in_square(&point(size, 8, 0), size, 3);
        assert_eq!(count(&corner), 16);
        assert_eq!(corner[size.index(0, 1)], 0);
        let line = ImageSize::new(1, 4);
        assert_eq!(count(&largest_in_square(&point(line, 0, 0), line, 9)), 4);
    }
}
