//! ANALYZE: null fraction and width, nothing else.
//!
//! The default would look for the most common maps with `=`, which refuses maps of different grains: one column with two grains
//! and neither ANALYZE nor autovacuum would ever get through. Common values of a bitmap say nothing to the planner anyway.

use core::ffi::c_int;
use pgrx::datum::Internal;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::{pg_extern, pg_guard, pg_sys, varlena};

#[pg_extern]
fn slotmap_typanalyze(mut stats: Internal) -> bool {
    // SAFETY: ANALYZE calls this with its VacAttrStats, and nothing else can: the argument is internal.
    let Some(stats) = (unsafe { stats.get_mut::<pg_sys::VacAttrStats>() }) else {
        return false;
    };
    stats.compute_stats = Some(compute_stats);
    // Enough for a mean width to within a few percent.
    stats.minrows = 3000;
    true
}

#[pg_guard]
unsafe extern "C-unwind" fn compute_stats(
    stats: pg_sys::VacAttrStatsP,
    fetch: pg_sys::AnalyzeAttrFetchFunc,
    rows: c_int,
    _total_rows: f64,
) {
    let Some(fetch) = fetch.filter(|_| rows > 0) else {
        return;
    };
    let (mut nulls, mut width) = (0, 0);
    for row in 0..rows {
        let mut is_null = false;
        // SAFETY: ANALYZE passes its own fetch function, good for rows below `rows`; a value that is not null is a varlena.
        unsafe {
            let value = pg_guard_ffi_boundary(|| fetch(stats, row, &mut is_null));
            if is_null {
                nulls += 1;
            } else {
                width += varlena::varsize_any(value.cast_mut_ptr());
            }
        }
    }
    // SAFETY: the struct that ANALYZE gave us, ours to fill.
    let stats = unsafe { &mut *stats };
    stats.stats_valid = true;
    stats.stanullfrac = nulls as f32 / rows as f32;
    stats.stawidth = (width / (rows - nulls).max(1) as usize) as i32;
    // Zero is "unknown".
    stats.stadistinct = 0.0;
}
