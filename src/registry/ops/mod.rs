//! One file for each operation of the model.
