// The command line: verbs, options, help. Each verb is a function in commands.hpp; this file only
// parses, and turns an Error that reaches the top into a message on stderr and an exit code
// (docs/operations.md).
#pragma once

namespace twostep {

int run_program(int argc, char** argv);

}  // namespace twostep
