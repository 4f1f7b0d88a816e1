"""The same autoencoder in other libraries, written as a good user of each would write it."""
