// Reading a data set as a study does, in one process: time, bytes asked of the system, memory.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/hdf5/hdf5_shards.hpp"
#include "adapters/posix/clock.hpp"
#include "adapters/posix/posix_files.hpp"
#include "app/study_setup.hpp"
#include "bench/benches.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/extractor.hpp"
#include "twostep/data/row_split.hpp"
#include "twostep/ports/solo_group.hpp"

namespace twostep::bench {
namespace {

double bytes_requested() {
  std::ifstream io("/proc/self/io");
  std::string word;
  double value = 0;
  io >> word >> value;  // rchar
  return value;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// The rows that the subset takes, one "shard row" a line, for programs that are to read the same.
void write_rows(const StudySetup& setup, Shards& shards, const std::string& file) {
  std::vector<std::uint64_t> rows;
  const RowSplit split(setup.spec, setup.plan);
  const std::uint64_t wanted[] = {setup.plan.subset_rows, setup.plan.subset_validation_rows};
  for (std::size_t s = 0; s < 2; ++s) {
    const auto chosen = split.select(shards, all_splits[s], 0, wanted[s]);
    rows.insert(rows.end(), chosen.begin(), chosen.end());
  }
  std::sort(rows.begin(), rows.end());
  std::ofstream out(file);
  std::size_t shard = 0;
  for (const std::uint64_t row : rows) {
    while (row >= setup.plan.shard_begin[shard + 1]) {
      ++shard;
    }
    out << shard << ' ' << row - setup.plan.shard_begin[shard] << '\n';
  }
}

}  // namespace

int read_bench(const std::string& study_file, bool full, const std::string& rows_file) {
  try {
    const StudySetup setup = load_study(study_file);
    make_posix_files(setup.spec.directory)->make_folder("");
    PosixClock clock;
    const auto shards = open_hdf5_shards(setup.shards, wanted_table(setup.spec));
    const auto packs = make_hdf5_packs(setup.spec.directory);
    SoloGroupMaker groups;
    Extractor extractor({setup.spec, setup.plan, *shards, *packs, groups, clock});
    Assignment assignment;
    assignment.id = AssignmentId(1);
    assignment.kind = full ? AssignmentKind::extract_full : AssignmentKind::extract_subset;
    assignment.team = {WorkerId(0)};
    const double before = bytes_requested();
    extractor.start(assignment);
    std::optional<Result> result;
    while (!result) {
      result = extractor.advance({});
    }
    // seconds, bytes, megabytes: read by tools/bench/data
    std::printf("%.4f %.0f %.1f\n", result->seconds, bytes_requested() - before, peak_megabytes());
    if (!rows_file.empty()) {
      write_rows(setup, *shards, rows_file);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return exit_code(error.kind());
  }
}

}  // namespace twostep::bench
