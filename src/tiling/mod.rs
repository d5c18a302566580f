//! Where inference cells lie and what their windows read: pure integer geometry.
