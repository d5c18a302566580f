//! Work on windows in three steps that overlap: before the network, the network, behind it. Knows no pixels.

use crossbeam_channel::{bounded, unbounded};

/// Takes every item through `prepare`, `run` and `finish`, in order, and hands what came of it to `done`.
///
/// `run`, which owns the networks, and `done` stay on the calling thread. Beside it a thread prepares the next item and
/// another one finishes the one before; both end before this returns. Each holds one item, so that memory is bounded.
/// `run` may hand on any number of results. A single item takes no threads.
///
/// # Errors
/// The first of `run`; what was handed on before still comes to `done`.
pub(super) fn overlapped<I, P, R, D, E>(
    items: Vec<I>,
    prepare: impl Fn(I) -> P + Send,
    mut run: impl FnMut(P, &mut dyn FnMut(R)) -> Result<(), E>,
    mut finish: impl FnMut(R) -> D + Send,
    mut done: impl FnMut(D),
) -> Result<(), E>
where
    I: Send,
    P: Send,
    R: Send,
    D: Send,
{
    if items.len() < 2 {
        let mut items = items.into_iter();
        return items.try_for_each(|item| run(prepare(item), &mut |result| done(finish(result))));
    }
    std::thread::scope(|scope| {
        let (ready, prepared) = bounded(0);
        let (computed, to_finish) = bounded(0);
        let (finished, results) = unbounded();
        scope.spawn(move || {
            let mut prepared = items.into_iter().map(prepare);
            // Nobody listens any more after an error.
            prepared.try_for_each(|item| ready.send(item)).ok();
        });
        scope.spawn(move || {
            let mut done = to_finish.into_iter().map(&mut finish);
            done.try_for_each(|result| finished.send(result)).ok();
        });
        let mut hand_on = |result| {
            // It listens until `computed` is dropped, or it panicked, which the scope hands on.
            computed.send(result).ok();
        };
        let mut outcome = Ok(());
        for item in prepared {
            outcome = run(item, &mut hand_on);
            results.try_iter().for_each(&mut done);
            if outcome.is_err() {
                break;
            }
        }
        drop(computed);
        results.into_iter().for_each(done);
        outcome
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_comes_through_all_steps_in_order() {
        for count in [0, 1, 2, 40] {
            let mut seen = Vec::new();
            let outcome = overlapped(
                (0..count).collect(),
                |i: u32| i * 2,
                |i, emit| {
                    emit(i + 1);
                    emit(i + 2);
                    Ok::<(), ()>(())
                },
                |i| i * 10,
                |i| seen.push(i),
            );
            let expected = (0..count).flat_map(|i| [(2 * i + 1) * 10, (2 * i + 2) * 10]);
            assert_eq!(seen, expected.collect::<Vec<_>>());
            assert_eq!(outcome, Ok(()));
        }
    }

    #[test]
    fn after_an_error_nothing_more_is_run_and_what_was_computed_still_comes() {
        let mut seen = Vec::new();
        let mut runs = 0;
        let outcome = overlapped(
            (0..40).collect(),
            |i: u32| i,
            |i, emit| {
                runs += 1;
                emit(i);
                if i == 3 { Err("full") } else { Ok(()) }
            },
            |i| i,
            |i| seen.push(i),
        );
        assert_eq!(outcome, Err("full"));
        assert_eq!((seen, runs), (vec![0, 1, 2, 3], 4));
    }

    #[test]
    fn the_next_item_is_prepared_while_one_runs() {
        let (tell, told) = bounded(8);
        let outcome = overlapped(
            vec![0, 1],
            move |i: u32| {
                tell.send(i).ok();
                i
            },
            |i, _: &mut dyn FnMut(u32)| {
                // Item 1 is on its way before the run of item 0 ends: otherwise this would wait for ever.
                let wanted = if i == 0 { 2 } else { 0 };
                let prepared: Vec<u32> = told.iter().take(wanted).collect();
                (prepared.len() == wanted).then_some(()).ok_or(())
            },
            |i| i,
            drop,
        );
        assert_eq!(outcome, Ok(()));
    }
}
