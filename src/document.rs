//! One opened photo with its mask, history, detection and restoration. No UI, no threads.
