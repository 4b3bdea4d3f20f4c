#include "app/cli.hpp"

int main(int argc, char** argv) {
  return twostep::run_program(argc, argv);
}
