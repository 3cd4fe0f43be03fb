/**
 * Who may do what with whose folders (RFC 4314): rights as they are kept with the folders, and as
 * they are told to clients and operators.
 */
@NullMarked
package hikyaku.server.sharing;

import org.jspecify.annotations.NullMarked;
