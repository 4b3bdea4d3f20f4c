#include "app/cli.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <new>

#include "adapters/posix/program.hpp"
#include "app/commands.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

namespace po = boost::program_options;

// A verb: its options beside --help, its positional arguments, and what it does.
struct Verb {
  std::string usage;
  std::string summary;
  std::string details;
  po::options_description options{"Options"};
  std::vector<std::string> positional;  // a name that ends in "..." takes the rest
  std::function<int(const po::variables_map&)> run;
};

[[noreturn]] void usage_error(const std::string& what, const std::string& hint) {
  throw Error(ErrorKind::usage, Problem{"twostep", what, "", hint});
}

std::string get(const po::variables_map& values, const std::string& name) {
  return values[name].as<std::string>();
}

Verb make_check() {
  Verb verb{
      "twostep check STUDY.yaml",
      "say what a study would do; train nothing",
      "Reads the study file and the headers of its data files, lists every mistake found, and\n"
      "prints rows, columns, split, subset, search space and estimated cost.",
      po::options_description("Options"),
      {"study"},
      {}};
  verb.run = [](const po::variables_map& v) { return check_command(get(v, "study")); };
  return verb;
}

Verb make_run(int& argc, char**& argv) {
  Verb verb{
      "mpirun -n N twostep run STUDY.yaml [options]",
      "run a study, or go on with it",
      "Searches on a subset, retrains the finalists on all data and writes the results into the\n"
      "study directory. Run again on the same directory it resumes. Without mpirun or srun one\n"
      "process does everything.",
      po::options_description("Options"),
      {"study"},
      {}};
  verb.options.add_options()("fresh", po::bool_switch(), "start over instead of resuming")(
      "overwrite", po::bool_switch(), "with --fresh: remove the results that are there")(
      "quiet,q", po::bool_switch(), "no progress lines")(
      "deadline", po::value<std::string>()->default_value(""),
      "when the run must be over: 2026-11-25T18:40:00 or seconds since 1970\n"
      "(default: what SLURM_JOB_END_TIME or PBS_WALLTIME say)")(
      "walltime", po::value<std::string>()->default_value(""),
      "the same from now: 2:00:00, 90s, 45m, 2h")(
      "margin", po::value<double>()->default_value(-1, "automatic"),
      "seconds before that at which trainings are stopped and saved")(
      "lost-after", po::value<double>()->default_value(120),
      "seconds of silence after which a rank counts as lost")(
      "data-root", po::value<std::string>()->default_value(""),
      "where the relative paths of data files begin: a folder, or\n"
      "HOST=FOLDER,HOST=FOLDER,FOLDER where hosts have their own copies")(
      "outcome", po::value<std::string>()->default_value(""),
      "write outcome.json to this file too");
  verb.run = [&argc, &argv](const po::variables_map& v) {
    const RunOptions options{get(v, "study"),
                             v["fresh"].as<bool>(),
                             v["overwrite"].as<bool>(),
                             v["quiet"].as<bool>(),
                             {get(v, "deadline"), get(v, "walltime"), v["margin"].as<double>()},
                             v["lost-after"].as<double>(),
                             get(v, "data-root"),
                             get(v, "outcome")};
    if (!(options.lost_after >= 5)) {
      usage_error("--lost-after takes at least 5 seconds", "heartbeats come every 2 s");
    }
    if (options.overwrite && !options.fresh) {
      usage_error("--overwrite goes with --fresh", "to resume a study, give neither");
    }
    return run_command(options, argc, argv);
  };
  return verb;
}

Verb make_status() {
  Verb verb{"twostep status DIR|study.yaml",
            "how far a study is",
            "Reads the journal in the study directory; changes nothing.",
            po::options_description("Options"),
            {"directory"},
            {}};
  verb.run = [](const po::variables_map& v) { return status_command(get(v, "directory")); };
  return verb;
}

Verb make_report() {
  Verb verb{"twostep report DIR|study.yaml [--format text|json|csv]",
            "the results of a study",
            "text: for people. json: everything. csv: one line per trial.",
            po::options_description("Options"),
            {"directory"},
            {}};
  verb.options.add_options()("format", po::value<std::string>()->default_value("text"),
                             "text, json or csv");
  verb.run = [](const po::variables_map& v) {
    return report_command(get(v, "directory"), get(v, "format"));
  };
  return verb;
}

Verb make_journal() {
  Verb verb{"twostep journal DIR|study.yaml",
            "every event of a study, one readable line each",
            "",
            po::options_description("Options"),
            {"directory"},
            {}};
  verb.run = [](const po::variables_map& v) { return journal_command(get(v, "directory")); };
  return verb;
}

Verb make_schema() {
  Verb verb{"twostep schema [--format text|yaml|markdown]",
            "every option of the study file",
            "yaml prints a study file with every option and its explanation.",
            po::options_description("Options"),
            {},
            {}};
  verb.options.add_options()("format", po::value<std::string>()->default_value("text"),
                             "text, yaml or markdown");
  verb.run = [](const po::variables_map& v) { return schema_command(get(v, "format")); };
  return verb;
}

Verb make_predict() {
  Verb verb{
      "twostep predict MODEL.h5 DATA.h5... -o OUT.h5",
      "apply a finalist to data files",
      "Reads the model's input variables from the data files and writes its targets, in their\n"
      "own units, as variables of the same names.",
      po::options_description("Options"),
      {"model", "data..."},
      {}};
  verb.options.add_options()("output,o", po::value<std::string>()->required(), "file to write")(
      "overwrite", po::bool_switch(), "replace the output file if it exists");
  verb.run = [](const po::variables_map& v) {
    return predict_command({get(v, "model"), v["data"].as<std::vector<std::string>>(),
                            get(v, "output"), v["overwrite"].as<bool>()});
  };
  return verb;
}

Verb make_slurm() {
  Verb verb{
      "twostep slurm STUDY.yaml --time LIMIT [options] > job.sbatch",
      "write a batch script for Slurm",
      "The script runs the study, stops it in order before the time limit and requeues itself\n"
      "until the study is finished. Submit it with sbatch.",
      po::options_description("Options"),
      {"study"},
      {}};
  verb.options.add_options()("time", po::value<std::string>()->required(),
                             "time limit of one job: 2:00:00, 1-12:00:00, or minutes")(
      "nodes", po::value<std::uint32_t>()->default_value(0, "as needed to end within one job"),
      "nodes")("cores", po::value<std::uint32_t>()->default_value(16), "cores, so ranks, per node")(
      "account", po::value<std::string>()->default_value(""), "account")(
      "partition", po::value<std::string>()->default_value(""), "partition");
  verb.run = [](const po::variables_map& v) {
    return slurm_command({get(v, "study"), v["nodes"].as<std::uint32_t>(),
                          std::max(1U, v["cores"].as<std::uint32_t>()), get(v, "time"),
                          get(v, "account"), get(v, "partition")});
  };
  return verb;
}

Verb make_suggest() {
  Verb verb{
      "twostep suggest STUDY.yaml [--history DIR]",
      "ask an algorithm for configurations and tell it results, over stdin and stdout",
      "Reads requests, one line of JSON each, and answers each with one line:\n"
      "  {\"ask\": 2}                              -> {\"trials\": [{\"trial\": 1, ...}, ...]}\n"
      "  {\"tell\": {\"trial\": 1, \"value\": 0.5}}   -> {\"told\": 1, ...}\n"
      "  {\"best\": 1}, {\"pending\": true}\n"
      "The study file needs no data: a space and search.algorithm are enough (docs/search.md).",
      po::options_description("Options"),
      {"study"},
      {}};
  verb.options.add_options()("history", po::value<std::string>()->default_value(""),
                             "folder that keeps what was asked and told: go on with it next time");
  verb.run = [](const po::variables_map& v) {
    return suggest_command({get(v, "study"), get(v, "history")});
  };
  return verb;
}

std::map<std::string, Verb> make_verbs(int& argc, char**& argv) {
  return {{"check", make_check()},     {"run", make_run(argc, argv)}, {"status", make_status()},
          {"report", make_report()},   {"journal", make_journal()},   {"schema", make_schema()},
          {"predict", make_predict()}, {"slurm", make_slurm()},       {"suggest", make_suggest()}};
}

void print_help(const std::map<std::string, Verb>& verbs) {
  std::cout
      << "twostep: two-step hyperparameter optimisation under MPI\n\n"
         "Many configurations are tried on a small subset of the data, then the best few are\n"
         "retrained on all of it.\n\nUsage: twostep VERB [options]\n\nVerbs:\n";
  for (const char* name :
       {"check", "run", "status", "report", "journal", "schema", "predict", "suggest", "slurm"}) {
    std::printf("  %-8s %s\n", name, verbs.at(name).summary.c_str());
    std::fflush(stdout);
  }
  std::printf("  %-8s %s\n", "launch",
              "start a study under mpirun or srun, and again when ranks die");
  std::fflush(stdout);
  std::cout << "\n  twostep VERB --help   options of one verb\n"
               "  twostep --version     build, libraries, instruction set\n\n"
               "Begin with: twostep schema --format yaml > study.yaml; twostep check study.yaml\n";
}

void print_verb_help(const Verb& verb) {
  std::cout << "Usage: " << verb.usage << "\n\n" << verb.summary << "\n";
  if (!verb.details.empty()) {
    std::cout << "\n" << verb.details << "\n";
  }
  std::cout << "\n" << verb.options;
}

int run_verb(const std::string& name, Verb& verb, const std::vector<std::string>& arguments) {
  verb.options.add_options()("help,h", po::bool_switch(), "this text")(
      "version", po::bool_switch(), "build, libraries, instruction set");
  po::options_description all;
  all.add(verb.options);
  po::positional_options_description positions;
  for (const std::string& argument : verb.positional) {
    const bool rest = argument.ends_with("...");
    const std::string key = rest ? argument.substr(0, argument.size() - 3) : argument;
    if (rest) {
      all.add_options()(key.c_str(), po::value<std::vector<std::string>>());
    } else {
      all.add_options()(key.c_str(), po::value<std::string>());
    }
    positions.add(key.c_str(), rest ? -1 : 1);
  }
  po::variables_map values;
  const std::string hint = "twostep " + name + " --help";
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(positions).run(), values);
    if (values["help"].as<bool>()) {
      print_verb_help(verb);
      return 0;
    }
    if (values["version"].as<bool>()) {
      std::cout << version_text();
      return 0;
    }
    po::notify(values);
  } catch (const po::error& error) {
    usage_error(error.what(), hint);
  }
  for (const std::string& argument : verb.positional) {
    const std::string key = argument.substr(0, argument.find("..."));
    if (!values.count(key)) {
      usage_error("missing argument: " + key, verb.usage);
    }
  }
  return verb.run(values);
}

int dispatch(int& argc, char**& argv) {
  std::map<std::string, Verb> verbs = make_verbs(argc, argv);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" ||
      arguments[0] == "help") {
    print_help(verbs);
    return arguments.empty() ? exit_code(ErrorKind::usage) : 0;
  }
  if (arguments[0] == "--version") {
    std::cout << version_text();
    return 0;
  }
  if (arguments[0] == "launch") {  // its options are those of other programs
    return launch_command({arguments.begin() + 1, arguments.end()});
  }
  const auto verb = verbs.find(arguments[0]);
  if (verb == verbs.end()) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : verbs) {
      names.push_back(name);
    }
    const std::string near = nearest(arguments[0], names);
    usage_error("no such verb: " + arguments[0], near.empty()
                                                     ? "twostep --help lists them"
                                                     : "did you mean `twostep " + near + "`?");
  }
  return run_verb(verb->first, verb->second, {arguments.begin() + 1, arguments.end()});
}

}  // namespace

int run_program(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "guard") {  // of a command: for ourselves alone
    return guard_program({argv + 2, argv + argc});
  }
  try {
    const int code = dispatch(argc, argv);
    std::cout.flush();
    return code;
  } catch (const Error& error) {
    std::cout.flush();
    for (const Problem& problem : error.problems()) {
      std::fprintf(stderr, "error: %s\n", problem.text().c_str());
    }
    return exit_code(error.kind());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "error: out of memory\n");
    return exit_code(ErrorKind::resources);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return exit_code(ErrorKind::internal);
  }
}

}  // namespace twostep
