//! One arena of CPU memory for every network of an engine, with an upper bound that no run can pass.
//!
//! Each session would otherwise have an arena of its own that grows in powers of two and never shrinks. This one is a
//! single range of addresses nearly as long as the bound: pages that no run has touched cost nothing, neighbours that are free
//! become one, and what does not fit fails with an error that says so.

use std::ffi::CStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ort::AsPointer as _;
use ort::environment::Environment;
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};

/// The smallest arena, bytes: the smallest window of either network, its weights, and the probe run. A limit below it is
/// refused where a person gives one.
pub(super) const MIN_ARENA_BYTES: usize = 96 << 20;

/// The largest first range that ONNX Runtime takes, bytes: it counts it in a signed 32-bit integer.
const MAX_ARENA_BYTES: usize = 1 << 30;

/// What the first range leaves of the bound, bytes. What sessions reserve beside it, about a kilobyte, counts as well, and
/// once the sum is above the bound ONNX Runtime 1.31 takes the difference for a huge number: then nothing is bounded any
/// more. Seen in its log.
const RESERVED_BYTES: usize = 1 << 20;

/// Whether this process has an arena; held while sessions are made, so that each gets the one meant for it.
static REGISTERED: Mutex<bool> = Mutex::new(false);

/// Proof that the arena is the one asked for; sessions made while it lives use that arena.
pub(super) struct BoundedArena {
    _turn: MutexGuard<'static, bool>,
}

/// Makes an arena of `limit_bytes` (kept within the smallest and the largest possible) that sessions made from now on share.
///
/// Sessions made before keep theirs.
///
/// # Errors
/// ONNX Runtime's words when it refuses.
#[expect(
    unsafe_code,
    reason = "arenas of the environment are only offered by ONNX Runtime's C interface"
)]
pub(super) fn bounded_arena(
    environment: &Environment,
    limit_bytes: u64,
) -> Result<BoundedArena, String> {
    let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
    let limit = limit.clamp(MIN_ARENA_BYTES, MAX_ARENA_BYTES);
    let mut is_registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    let api = ort::api();
    let check = |status| {
        // SAFETY: `status` comes from the ONNX Runtime call just made and is used once.
        unsafe { ort::Error::result_from_status(status) }.map_err(|e| e.message().to_owned())
    };
    let memory = MemoryInfo::new(
        AllocationDevice::CPU,
        0,
        AllocatorType::Arena,
        MemoryType::Default,
    )
    .map_err(|error| error.message().to_owned())?;
    let environment = environment.ptr().cast_mut();
    if *is_registered {
        // SAFETY: both pointers are alive; sessions that use the old arena share its ownership.
        check(unsafe { (api.UnregisterAllocator)(environment, memory.ptr()) })?;
        *is_registered = false;
    }
    let keys: [&CStr; 2] = [c"max_mem", c"initial_chunk_size_bytes"];
    let keys = keys.map(CStr::as_ptr);
    let values = [limit, limit - RESERVED_BYTES];
    let mut config = std::ptr::null_mut();
    // SAFETY: two keys, two values, all alive during the call; the configuration is released below.
    check(unsafe {
        (api.CreateArenaCfgV2)(keys.as_ptr(), values.as_ptr(), keys.len(), &raw mut config)
    })?;
    // SAFETY: environment, memory description and configuration are alive; ONNX Runtime copies what it needs.
    let outcome =
        check(unsafe { (api.CreateAndRegisterAllocator)(environment, memory.ptr(), config) });
    // SAFETY: made above, released once.
    unsafe { (api.ReleaseArenaCfg)(config) };
    outcome?;
    *is_registered = true;
    Ok(BoundedArena {
        _turn: is_registered,
    })
}

/// Takes the arena out of `environment`; its memory is freed with the last session that uses it.
///
/// # Errors
/// ONNX Runtime's words when it refuses.
#[expect(
    unsafe_code,
    reason = "arenas of the environment are only offered by ONNX Runtime's C interface"
)]
pub(super) fn release_arena(environment: &Environment) -> Result<(), String> {
    let mut is_registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_registered {
        return Ok(());
    }
    let memory = MemoryInfo::new(
        AllocationDevice::CPU,
        0,
        AllocatorType::Arena,
        MemoryType::Default,
    )
    .map_err(|error| error.message().to_owned())?;
    // SAFETY: both pointers are alive; sessions that use the arena share its ownership.
    let status =
        unsafe { (ort::api().UnregisterAllocator)(environment.ptr().cast_mut(), memory.ptr()) };
    // SAFETY: `status` comes from the call just made and is used once.
    unsafe { ort::Error::result_from_status(status) }.map_err(|e| e.message().to_owned())?;
    *is_registered = false;
    Ok(())
}
