// Run before every test file, so that tests of packages that are below the native engine compute with it,
// too.
import '@m2l/engine-native/register'
