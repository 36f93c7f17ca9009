# shellcheck shell=bash disable=SC2034,SC2154 # sourced: names come from and go to the scripts
# common: what every job script needs; sourced with $jobs set to this folder.
# Sets: eveil (the program), launcher (what starts the ranks), and what the site file sets.

say() { echo "$(date '+%F %T') $*"; }
die() {
  echo "jobs: error: $*" >&2
  exit 1
}

EVEIL_SITE=${EVEIL_SITE:-generic}
case $EVEIL_SITE in
  */*) site=$EVEIL_SITE ;;
  *) site=$jobs/sites/$EVEIL_SITE.env ;;
esac
[ -r "$site" ] || die "$site: expected an environment file; EVEIL_SITE is a path or one of:" \
  "$(basename -s .env -a "$jobs"/sites/*.env | xargs)"
# shellcheck disable=SC1090
. "$site"

eveil=${EVEIL:-$(dirname "$jobs")/build/eveil}
EVEIL_LEAD_S=${EVEIL_LEAD_S:-120} # seconds between USR1 and the limit
export EVEIL_SITE EVEIL_LEAD_S EVEIL_JOBS="$jobs"

# -K1: a lost rank ends the step, else the others wait for it for ever.
# The keepalive lets mpirun see a dead node within seconds instead of minutes.
read -r -a srun_options <<<"${EVEIL_SRUN-}"
read -r -a mpirun_options <<<"${EVEIL_MPIRUN-}"
case ${EVEIL_LAUNCH:-srun} in
  srun) launcher=(srun -K1 "${srun_options[@]}") ;;
  mpirun) launcher=(mpirun -np "${SLURM_NTASKS:-1}" --mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 2
    --mca oob_tcp_keepalive_probes 3 "${mpirun_options[@]}") ;;
  *) die "EVEIL_LAUNCH=$EVEIL_LAUNCH: expected srun or mpirun" ;;
esac

need_program() {
  [ -x "$eveil" ] || die "$eveil: expected the program there; build it (make), or set EVEIL to its path"
  "$eveil" --version >/dev/null || die "$eveil does not start: are the modules of $site loaded?"
}

# CFG -> cfg, its absolute path
need_config() {
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then die "$1: expected a configuration, found no readable file"; fi
  case $1 in *.cfg) ;; *) die "$1: expected a name that ends in .cfg" ;; esac
  cfg=$(realpath "$1")
}

# One name a study: its links queue behind one another, and are found by it.
study_name() {
  echo "eveil-$(basename "$cfg" .cfg | tr -c 'A-Za-z0-9._\n-' _)-$(cksum <<<"$cfg" | cut -d ' ' -f 1)"
}

# What the disk says of the study: store, finished, total, and whether the store is whole (1), or whole but for
# recordings that failed (2).
read_state() {
  local text
  text=$("$eveil" info "$cfg") || return
  store=$(sed -En 's/^  store  *(.*), (not there yet|[0-9.]* MB, .*)$/\1/p' <<<"$text")
  read -r finished total < <(sed -n 's/^  tasks  *\([0-9]*\) finished of \([0-9]*\)$/\1 \2/p' <<<"$text")
  [ -n "$store" ] && [ -n "${total-}" ] || return
  whole=0
  [ "$finished" = "$total" ] || return 0
  if grep -q '^  store .*, complete$' <<<"$text"; then whole=1; fi
  if grep -q '^  store .*, complete but for failed recordings$' <<<"$text"; then whole=2; fi
}

# FOLDER: made and striped (Lustre) when it is new; files in it inherit the stripes.
make_folder() {
  [ -d "$1" ] && return
  mkdir -p "$1" || return
  if [ -n "${EVEIL_STRIPES-}" ] && command -v lfs >/dev/null; then
    lfs setstripe -c "$EVEIL_STRIPES" "$1" || say "$1: not striped"
  fi
}
