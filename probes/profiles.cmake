# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

# Workload profiles become part of the program, so that it runs from anywhere: one array of bytes for each.
file(GLOB profiles CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/probes/profiles/*.profile)
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${profiles})
set(arrays)
set(entries)
foreach(profile ${profiles})
    get_filename_component(name ${profile} NAME)
    string(MAKE_C_IDENTIFIER ${name} identifier)
    file(READ ${profile} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes ${bytes})
    string(APPEND arrays "static const unsigned char ${identifier}[] = {${bytes} 0};\n")
    string(APPEND entries "\t{\"${name}\", (const char *)${identifier}, sizeof(${identifier}) - 1},\n")
endforeach()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/profiles.c @ONLY CONTENT
"#include \"probes/profile.h\"\n
@arrays@
const struct nm_workload_file nm_workload_files[] = {
@entries@\t{0},
};
")
target_sources(nm_probes PRIVATE ${PROJECT_BINARY_DIR}/profiles.c)
install(FILES ${profiles} DESTINATION ${CMAKE_INSTALL_DATADIR}/nestmark/profiles COMPONENT runtime)
