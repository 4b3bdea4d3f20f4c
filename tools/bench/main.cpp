// twostep-bench step [PEER] | trial | scaling (under mpirun) | dispatch FOLDER TRIALS (under
// mpirun) | resume FOLDER TRIALS |
//   read STUDY subset|full [ROWS]
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/benches.hpp"

int main(int argc, char** argv) {
  const bool folder = argc == 4;
  if ((argc == 2 || argc == 3) && std::strcmp(argv[1], "step") == 0) {
    return twostep::bench::step_bench(argc == 3 ? argv[2] : "");
  }
  if (argc == 2 && std::strcmp(argv[1], "trial") == 0) {
    return twostep::bench::trial_bench();
  }
  if (argc == 2 && std::strcmp(argv[1], "scaling") == 0) {
    return twostep::bench::scaling_bench(argc, argv);
  }
  if ((argc == 4 || argc == 5) && std::strcmp(argv[1], "read") == 0) {
    return twostep::bench::read_bench(argv[2], std::strcmp(argv[3], "full") == 0,
                                      argc == 5 ? argv[4] : "");
  }
  const auto trials = folder ? static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)) : 0U;
  if (folder && trials > 0 && std::strcmp(argv[1], "dispatch") == 0) {
    return twostep::bench::dispatch_bench(argc, argv, argv[2], trials);
  }
  if (folder && trials > 0 && std::strcmp(argv[1], "resume") == 0) {
    return twostep::bench::resume_bench(argv[2], trials);
  }
  std::fputs(
      "usage: twostep-bench step [PEER] | trial | scaling | dispatch FOLDER TRIALS | resume FOLDER "
      "TRIALS "
      "| read "
      "STUDY subset|full [ROWS]\n",
      stderr);
  return 2;
}
