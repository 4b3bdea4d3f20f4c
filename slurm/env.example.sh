# Copy to slurm/env.sh and adapt to your cluster.
# shellcheck shell=bash
module load openmpi hdf5-parallel onednn yaml-cpp boost
export TWOSTEP="$HOME/twostep/build/release/bin/twostep"
export TWOSTEP_SRUN_MPI=pmix   # Open MPI: pmix; MPICH and Intel MPI: pmi2
# With Open MPI 4 its own mpirun keeps a study going when a worker dies, where srun starts it again:
# export TWOSTEP_LAUNCHER=mpirun
# Where a job may not requeue itself, a new one is submitted that begins after it:
# export TWOSTEP_AGAIN=resubmit
