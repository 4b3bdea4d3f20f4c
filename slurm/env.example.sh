# Copy to slurm/env.sh and adapt to your cluster.
# shellcheck shell=bash
module load openmpi hdf5-parallel onednn yaml-cpp boost
export TWOSTEP="$HOME/twostep/build/release/bin/twostep"
export TWOSTEP_SRUN_MPI=pmix   # Open MPI: pmix; MPICH and Intel MPI: pmi2
