include(GoogleTest)

# What is tested is optimised as users run it; the tests themselves are compiled faster.
set(test_optimisation $<$<CONFIG:Release>:-O1>)
if(TWOSTEP_SANITIZE)
  set(test_optimisation -O0)
endif()

# twostep_unit_tests(FOLDER [LABEL label] LINK libraries...): builds tests/FOLDER/*_test.cpp into one program.
function(twostep_unit_tests folder)
  cmake_parse_arguments(ARG "" "LABEL" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cpp")
  if(NOT sources)
    return()
  endif()
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  set(target ${folder}_tests)
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${target} PRIVATE ${ARG_LINK} twostep_flags GTest::gmock GTest::gtest_main)
  # Tests name only the fields of an aggregate that matter to them.
  target_compile_options(${target} PRIVATE -Wno-missing-field-initializers)
  target_compile_options(${target} PRIVATE ${test_optimisation})
  gtest_discover_tests(${target} TEST_PREFIX "${folder}." DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 300 ENVIRONMENT "OMP_NUM_THREADS=1")
endfunction()

# twostep_mpi_test(NAME RANKS 1 2 4 SOURCES a.cpp LINK libraries... [LABEL label]): an MPI program, run once per number of ranks.
# The program has its own main (tests/support/mpi_main.cpp) in which a failing rank prints and calls MPI_Abort.
function(twostep_mpi_test name)
  cmake_parse_arguments(ARG "" "LABEL" "RANKS;SOURCES;LINK" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL mpi)
  endif()
  add_executable(${name} ${ARG_SOURCES} "${PROJECT_SOURCE_DIR}/tests/support/mpi_main.cpp")
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${name} PRIVATE ${ARG_LINK} twostep_flags GTest::gmock GTest::gtest MPI::MPI_CXX)
  target_compile_options(${name} PRIVATE -Wno-missing-field-initializers ${test_optimisation})
  foreach(ranks IN LISTS ARG_RANKS)
    add_test(NAME mpi.${name}.${ranks}
      COMMAND "${PROJECT_SOURCE_DIR}/tests/support/mpirun" ${MPIEXEC_EXECUTABLE} ${ranks} $<TARGET_FILE:${name}>)
    set_tests_properties(mpi.${name}.${ranks} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 120 PROCESSORS 2
      ENVIRONMENT "OMP_NUM_THREADS=1")
  endforeach()
endfunction()
