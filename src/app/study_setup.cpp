#include "app/study_setup.hpp"

#include <algorithm>
#include <set>

#include "adapters/onednn/onednn_engine.hpp"
#include "adapters/posix/executable.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "adapters/yaml/yaml_reader.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

std::string read_study_file(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const auto text = make_posix_files(folder)->read(path.substr(slash + 1));
  if (!text) {
    throw Error(ErrorKind::config,
                Problem{path, "no such study file", "",
                        "twostep schema --format yaml prints one to begin with"});
  }
  return *text;
}

// The files of one split, each once, sorted by path.
std::vector<std::string> expand(const std::vector<std::string>& patterns, const std::string& root,
                                const std::string& where, std::vector<Problem>& problems) {
  std::set<std::string> files;
  for (const std::string& pattern : patterns) {
    auto found = expand_pattern(rooted(root, pattern));
    if (found.empty()) {
      const bool wild = pattern.find_first_of("*?[{") != std::string::npos;
      problems.push_back({where, wild ? "no file matches " + pattern : "no such file: " + pattern,
                          "paths are relative to " +
                              (root.empty() ? "the working directory, " + real_path(".") : root),
                          "check data.files"});
    }
    for (std::string& path : found) {
      path.erase(0, rooted(root, pattern).size() - pattern.size());
    }
    files.insert(found.begin(), found.end());
  }
  return {files.begin(), files.end()};
}

std::vector<std::string> all_files(const DataSpec& data, const std::string& root,
                                   std::array<std::size_t, 3>& counts) {
  std::vector<Problem> problems;
  std::vector<std::string> out;
  const std::vector<std::string>* lists[] = {&data.files, &data.validation_files, &data.test_files};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto files = expand(*lists[i], root, data.files_where, problems);
    for (const std::string& file : files) {
      if (std::find(out.begin(), out.end(), file) != out.end()) {
        problems.push_back({data.files_where, "the same file in two splits: " + file,
                            "what was trained on cannot validate or test", "remove one"});
      }
    }
    counts[i] = files.size();
    out.insert(out.end(), files.begin(), files.end());
  }
  if (!problems.empty()) {
    throw Error(ErrorKind::data, problems);
  }
  return out;
}

// What the study asks of the processor.
void check_processor(const StudySpec& spec) {
  const Setting& precision = spec.setting("training.precision");
  const auto wants = [](const Value& value) { return std::get<std::string>(value) == "bf16"; };
  const bool wanted = precision.range ? std::any_of(precision.range->choices.begin(),
                                                    precision.range->choices.end(), wants)
                                      : wants(precision.constant);
  if (wanted && !onednn_has_bf16()) {
    throw Error(ErrorKind::config,
                Problem{precision.where, "training.precision: bf16 needs a processor that has it",
                        "oneDNN sees " + onednn_instruction_set() +
                            " here, and bf16 takes avx512_core_bf16 or more",
                        "use float32, or bf16_emulated for its rounding without its speed"});
  }
}

void check_program(const TrainerSpec& trainer) {
  if (auto problem = program_problem(trainer.command.front())) {
    problem->where = trainer.command_at.text;
    problem->what = "trainer.command: " + problem->what;
    throw Error(ErrorKind::config, *problem);
  }
}

}  // namespace

StudySpec load_spec(const std::string& file, StudyUse use) {
  return read_spec(read_yaml(read_study_file(file), file), use);
}

std::vector<Hyperparameters> sample_trainings(const StudySetup& s, std::uint32_t count) {
  std::vector<Hyperparameters> out;
  const Rng rng(s.spec.seed, Purpose::noise, 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::vector<double> unit(s.space.dimensions.size());
    for (std::size_t j = 0; j < unit.size(); ++j) {
      unit[j] = rng.uniform(i, static_cast<std::uint32_t>(j));
    }
    out.push_back(resolve(s.spec, s.space, s.space.point_at(unit)));
  }
  return out;
}

TableRequest StudySetup::table() const {
  TableRequest request = wanted_table(spec);
  request.root = data_root;
  return request;
}

StudySetup load_study(const std::string& file, const std::string& data_root) {
  StudySetup setup;
  setup.file = file;
  setup.data_root = data_root;
  setup.text = read_study_file(file);
  setup.spec = read_spec(read_yaml(setup.text, file));
  setup.space = make_space(setup.spec);
  if (setup.spec.runs_command()) {
    check_program(setup.spec.trainer);
    return setup;
  }
  check_processor(setup.spec);
  std::array<std::size_t, 3> counts{};
  const auto paths = all_files(setup.spec.data, data_root, counts);
  const TableRequest request = setup.table();
  setup.shards = describe_hdf5_shards(paths, request);
  const auto shards = open_hdf5_shards(setup.shards, request);
  setup.plan = make_plan(setup.spec, *shards, counts);
  check_target_columns(setup.spec, setup.plan.targets());
  return setup;
}

Bytes StudySetup::encode() const {
  ByteWriter writer;
  writer.text(file);
  writer.text(text);
  shards.encode(writer);
  twostep::encode(writer, plan);
  return writer.take();
}

StudySetup StudySetup::decode(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  StudySetup setup;
  setup.file = reader.text();
  setup.text = reader.text();
  setup.shards = ShardsDescription::decode(reader);
  setup.plan = decode_data_plan(reader);
  reader.expect_end();
  setup.spec = read_spec(read_yaml(setup.text, setup.file));
  setup.space = make_space(setup.spec);
  return setup;
}

}  // namespace twostep
