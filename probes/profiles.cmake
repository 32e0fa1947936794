# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

# Writes OUTPUT: the *.profile of FOLDER, one array of bytes for each, and a table of them in the order of their names.
file(GLOB profiles ${FOLDER}/*.profile)
set(arrays)
set(entries)
foreach(profile ${profiles})
    get_filename_component(name ${profile} NAME)
    string(MAKE_C_IDENTIFIER ${name} identifier)
    file(READ ${profile} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes ${bytes})
    string(APPEND arrays "static const unsigned char ${identifier}[] = {${bytes} 0};\n")
    string(APPEND entries "\t{\"${name}\", (const char *)${identifier}, sizeof(${identifier}) - 1},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"probes/profile.h\"\n\n${arrays}
const struct nm_workload_file nm_workload_files[] = {\n${entries}\t{0},\n};\n")
