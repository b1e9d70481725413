//! The layout is frozen: whoever changes it breaks every stored map.

use super::*;
use crate::run::from_runs;

#[test]
fn the_stored_bytes_never_change() -> Result<(), Error> {
    let map = from_runs(Grain::DEFAULT, &[64..66, 130..131])?;
    let frozen = [
        15, 64, 0, 0, 0, 0, 0, 0, 0, // grain, first slot
        3, 0, 0, 0, 0, 0, 0, 0, // slots 64 and 65
        4, 0, 0, 0, 0, 0, 0, 0, // slot 130
    ];
    assert_eq!(map.payload(), frozen);
    assert_eq!(
        Slotmap::empty(Grain::new(5)?).payload(),
        [5, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(
        from_runs(Grain::new(60)?, core::slice::from_ref(&(-1..0)))?.payload(),
        [
            60, 192, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 128
        ]
    );
    Ok(())
}
