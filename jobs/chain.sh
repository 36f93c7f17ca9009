# shellcheck shell=bash disable=SC2034,SC2154 # sourced: names come from and go to the scripts
# chain: one link of a run: starts the ranks, stops them before the limit, and submits the next link while work is left.
# Sourced after common.sh; `run_link CFG` does not return. Exit codes: 0 the store is whole, 4 not yet, 1 and 2 gave up.
# EVEIL_CHAIN_MOST links at most (20). STORE.chain has one line a link.

link=${EVEIL_LINK:-1}
idle=${EVEIL_IDLE:-0} # links in a row that finished no task

# The number of an array's last task names the whole array.
me=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
me=${me:-$SLURM_JOB_ID}

job_field() { scontrol show job "$me" | sed -n "s/.*\b$1=\([^ ]*\).*/\1/p;T;q"; }

# KEY=VALUE of the next link: as this one was asked for, then what EVEIL_SBATCH says.
same_again() {
  options=(--export=ALL "--job-name=$name" --dependency=singleton "--signal=B:USR1@$EVEIL_LEAD_S"
    "--nodes=$SLURM_JOB_NUM_NODES" "--time=$(job_field TimeLimit)")
  local each=${SLURM_NTASKS_PER_NODE-} features more
  if [ -n "$each" ]; then options+=("--ntasks-per-node=$each"); fi
  if [ "$SLURM_NTASKS" != $((SLURM_JOB_NUM_NODES * ${each:-0})) ]; then options+=("--ntasks=$SLURM_NTASKS"); fi
  [ -z "${SLURM_CPUS_PER_TASK-}" ] || options+=("--cpus-per-task=$SLURM_CPUS_PER_TASK")
  if [ "${EVEIL_MEMORY-1}" != 0 ]; then
    [ -z "${SLURM_MEM_PER_CPU-}" ] || options+=("--mem-per-cpu=${SLURM_MEM_PER_CPU}M")
    [ -z "${SLURM_MEM_PER_NODE-}" ] || options+=("--mem=${SLURM_MEM_PER_NODE}M")
  fi
  [ -z "${SLURM_JOB_ACCOUNT-}" ] || options+=("--account=$SLURM_JOB_ACCOUNT")
  [ -z "${SLURM_JOB_PARTITION-}" ] || options+=("--partition=$SLURM_JOB_PARTITION")
  [ -z "${SLURM_JOB_QOS-}" ] || options+=("--qos=$SLURM_JOB_QOS")
  features=$(job_field Features)
  case $features in "" | "(null)") ;; *) options+=("--constraint=$features") ;; esac
  [ -z "${EVEIL_LOGS-}" ] || options+=("--output=$EVEIL_LOGS/%x-%j.log")
  read -r -a more <<<"${EVEIL_SBATCH-}"
  options+=("${more[@]}")
}

# Jobs that wait for this one wait for the next link instead.
move_dependents() { # NEXT
  local id wish
  while read -r id wish; do
    case $wish: in *:"$SLURM_JOB_ID"[:\(,?]*) ;; *) continue ;; esac
    wish=$(sed -e 's/([^)]*)//g' -e "s/:$SLURM_JOB_ID\b/:$1/g" <<<"$wish")
    if scontrol update "JobId=$id" "Dependency=$wish"; then say "job $id now waits for job $1"
    else say "job $id could not be made to wait for job $1: submit its script again when the run has ended"; fi
  done < <(squeue --noheader --user="$(id -un)" --states=PENDING --format='%A %E')
}

# Another job of this study that waits or runs, if any.
another() {
  squeue --noheader --user="$(id -un)" --name="$name" --states=PENDING,RUNNING --format=%A |
    grep -vx -m 1 "$SLURM_JOB_ID"
}

submit_next() {
  local next
  same_again
  export EVEIL_LINK=$((link + 1)) EVEIL_IDLE=$idle
  # SLURM_* describes this job, not the next one.
  next=$(unset "${!SLURM_JOB@}" "${!SLURM_N@}" "${!SLURM_MEM@}" "${!SLURM_T@}" "${!SLURM_CPU@}" "${!SLURM_ARRAY@}"
    sbatch --parsable "${options[@]}" "$jobs/run.slurm" "$cfg") || return
  next=${next%%;*}
  say "link $((link + 1)) is job $next"
  move_dependents "$next"
}

note() { # DECISION
  [ -s "$store.chain" ] ||
    printf 'date\tjob\tlink\tnodes\tranks\tbefore\tafter\ttotal\tcode\tnext\n' >>"$store.chain"
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$(date -Is)" "$SLURM_JOB_ID" "$link" "$SLURM_JOB_NUM_NODES" \
    "$SLURM_NTASKS" "$before" "$finished" "$total" "$code" "$1" >>"$store.chain"
}

finish() { # CODE DECISION MESSAGE...
  note "$2"
  say "${*:3}"
  exit "$1"
}

# The exit code says little (mpirun hides it, a lost rank too): the disk tells what is left.
decide() {
  local state other
  read_state || die "$cfg: eveil info does not tell how far the run is; nothing was submitted"
  say "link $link ended with code $code: $finished of $total tasks finished," \
    "$((finished - before)) of them by this link"
  state=$(job_field JobState)
  state=${state:-RUNNING}
  if [ "$finished" -gt "$before" ]; then idle=0; else idle=$((idle + 1)); fi
  [ "$whole" != 2 ] || finish 0 complete "$store is complete but for the recordings that failed: eveil info $store"
  [ "$whole" = 0 ] || finish 0 complete "$store is complete"
  # Neither this shell's fault nor the limit's: somebody cancelled the job, or the system takes it back into the queue.
  if [ "$state" != RUNNING ] && [ "$(job_field Reason)" != TimeLimit ]; then
    finish 4 ended "the system ended this job (cancelled, or put back into the queue): not submitted again"
  fi
  if [ "$code" = 1 ] && [ "$idle" -gt 0 ] && [ "$asked_to_end" = 0 ]; then
    finish 1 refused "eveil refused to run (see above): not submitted again"
  fi
  [ "$idle" -lt 2 ] || finish 2 stuck "two links in a row finished no task: not submitted again." \
    "Is the limit too short for the longest task or for the gather (eveil plan)? Else the logs of these jobs tell."
  [ "$link" -lt "${EVEIL_CHAIN_MOST:-20}" ] ||
    finish 4 bound "$link links ran (EVEIL_CHAIN_MOST): not submitted again; jobs/submit goes on from here"
  other=$(another) && finish 4 "$other" "job $other goes on"
  if submit_next; then finish 4 next "to be continued"; fi
  finish 2 unsubmitted "the next link could not be submitted: submit $jobs/run.slurm again by hand"
}

run_link() { # CFG
  local step='' waiting=1
  need_config "$1"
  need_program
  name=$(study_name)
  asked_to_end=0
  # USR1 (the limit is near) and TERM reach this shell alone, and end `wait` early.
  trap 'waiting=1 asked_to_end=1; say "asked to end"; [ -z "$step" ] || kill -USR1 "$step"' USR1
  trap 'waiting=1 asked_to_end=1' TERM
  scontrol update "JobId=$me" "JobName=$name" >/dev/null 2>&1 # of an array's task it says "No error" and fails
  read_state || die "$cfg: eveil info does not tell how far the run is"
  before=$finished code=0
  [ "$whole" != 1 ] || finish 0 complete "$store is complete: nothing to do"
  make_folder "$(dirname "$store")"
  say "link $link: $finished of $total tasks finished;" \
    "$SLURM_NTASKS ranks on $SLURM_JOB_NUM_NODES nodes ($SLURM_JOB_NODELIST)"
  if [ "$asked_to_end" = 0 ]; then
    "${launcher[@]}" "$eveil" run "$cfg" &
    step=$!
    while [ -n "$waiting" ]; do
      waiting=
      wait "$step"
      code=$?
    done
  fi
  decide
}
