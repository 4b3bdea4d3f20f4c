// twostep-make-aerosol: writes the aerosol-activation data set as HDF5 shards, under MPI or alone.
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>
#include <optional>

#include "adapters/hdf5/output_file.hpp"
#include "adapters/mpi/world.hpp"
#include "adapters/posix/clock.hpp"
#include "adapters/posix/posix_files.hpp"
#include "make_aerosol/rows.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/row_range.hpp"

namespace {

namespace po = boost::program_options;
using namespace twostep;

constexpr std::uint64_t block_rows = 1U << 15;

struct Options {
  std::uint64_t rows = 200000;
  std::uint64_t shards = 4;
  std::uint64_t seed = 1;
  std::string folder;
  bool overwrite = false;
};

void append(std::vector<float>& out, const std::array<float, aerosol::mode_count>& values) {
  out.insert(out.end(), values.begin(), values.end());
}

void write_shard(const Options& options, std::uint64_t shard) {
  const RowRange rows =
      share_of({0, options.rows}, static_cast<int>(shard), static_cast<int>(options.shards));
  char name[64];
  std::snprintf(name, sizeof name, "/aerosol-%04llu.h5", static_cast<unsigned long long>(shard));
  const std::uint64_t k = aerosol::mode_count;
  OutputFile file(options.folder + name,
                  {{"tair"},
                   {"pressure"},
                   {"rh"},
                   {"wbar"},
                   {"num_aer", k},
                   {"r_aer", k},
                   {"kappa", k},
                   {"fn", k}},
                  rows.size(), options.overwrite);
  std::array<std::vector<float>, 8> columns;
  for (std::uint64_t begin = rows.begin; begin < rows.end; begin += block_rows) {
    for (auto& column : columns) {
      column.clear();
    }
    for (std::uint64_t i = begin; i < std::min(begin + block_rows, rows.end); ++i) {
      const aerosol::Row row = aerosol::make_row(options.seed, i);
      columns[0].push_back(row.tair);
      columns[1].push_back(row.pressure);
      columns[2].push_back(row.rh);
      columns[3].push_back(row.wbar);
      append(columns[4], row.num_aer);
      append(columns[5], row.r_aer);
      append(columns[6], row.kappa);
      append(columns[7], row.fn);
    }
    for (std::size_t v = 0; v < columns.size(); ++v) {
      file.write(v, begin - rows.begin, columns[v]);
    }
  }
  file.attribute("source", "aerosol activation after Abdul-Razzak and Ghan (2000), generated");
  file.finish();
}

Options read_options(int argc, char** argv, bool& help) {
  Options options;
  po::options_description all("twostep-make-aerosol -o FOLDER: generates the aerosol data set");
  all.add_options()("output,o", po::value(&options.folder), "folder for the shards")(
      "rows,n", po::value(&options.rows)->default_value(options.rows), "rows in all")(
      "shards,s", po::value(&options.shards)->default_value(options.shards), "files")(
      "seed", po::value(&options.seed)->default_value(options.seed),
      "row i follows from (seed, i)")("overwrite", po::bool_switch(&options.overwrite),
                                      "replace files that exist")("help,h", po::bool_switch(&help),
                                                                  "this text");
  po::variables_map values;
  try {
    po::store(po::parse_command_line(argc, argv, all), values);
    po::notify(values);
  } catch (const po::error& error) {
    throw Error(ErrorKind::usage, Problem{"twostep-make-aerosol", error.what(), "", "--help"});
  }
  if (help) {
    std::cout << all;
  } else if (options.folder.empty() || options.rows < options.shards || options.shards < 1 ||
             options.shards > 100000) {
    throw Error(ErrorKind::usage,
                Problem{"twostep-make-aerosol", "give -o FOLDER, and at least one row per shard",
                        "", "--help"});
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  MpiWorld world(argc, argv);
  try {
    bool help = false;
    const Options options = read_options(argc, argv, help);
    if (help) {
      return 0;
    }
    make_posix_files(options.folder)->make_folder("");
    PosixClock clock;
    const Time begun = clock.now();
    for (auto shard = static_cast<std::uint64_t>(world.rank()); shard < options.shards;
         shard += static_cast<std::uint64_t>(world.size())) {
      write_shard(options, shard);
    }
    world.barrier();
    if (world.rank() == 0) {
      const double s = seconds(clock.now() - begun);
      std::printf("%s: %llu rows in %llu files, %.2f s, %.2f million rows/s over %d ranks\n",
                  options.folder.c_str(), static_cast<unsigned long long>(options.rows),
                  static_cast<unsigned long long>(options.shards), s,
                  1e-6 * static_cast<double>(options.rows) / s, world.size());
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    if (world.size() > 1) {
      abort_all("the data set is not complete");
    }
    return exit_code(error.kind());
  }
}
