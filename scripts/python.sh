#!/bin/sh
# Hands its arguments to a Python that QuantLab runs on. A name on the PATH may be a shim that leads nowhere, so each is asked.
for python in "$PYTHON" python3 python3.13 python3.12 python3.11 python; do
    if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        exec "$python" "$@"
    fi
done
echo "QuantLab needs Python 3.11, 3.12 or 3.13 and found none; install one, or name it: make run PYTHON=/path/to/python3.12" >&2
exit 1
