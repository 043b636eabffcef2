// TensorFlow logs through Abseil as well, which knows nothing of TF_CPP_MIN_LOG_LEVEL, and it does so while its
// libraries initialise themselves: "oneDNN custom operations are on". The binding is linked with `-z initfirst`, so
// that this constructor runs before theirs. The level lies in a constant-initialised atomic and can be set that early.

#include <cstdlib>

// The mangled name of absl::SetMinLogLevel, which contains the release of Abseil that TensorFlow was built with.
extern "C" __attribute__((weak)) void M2L_SET_MIN_LOG_LEVEL(int severity);

namespace {

__attribute__((constructor)) void quietStart() {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level != nullptr && M2L_SET_MIN_LOG_LEVEL != nullptr) M2L_SET_MIN_LOG_LEVEL(std::atoi(level));
}

}  // namespace
