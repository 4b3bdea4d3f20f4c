// The guard of a program is this program under another verb, as in `twostep guard`.
#include <gtest/gtest.h>

#include <cstring>

#include "adapters/posix/program.hpp"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "guard") == 0) {
    return twostep::guard_program({argv + 2, argv + argc});
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
