/**
 * Internet messages and MIME as they really arrive: RFC 5322, 2045-2049, 2183, 2231, 6532 and what
 * senders make of them.
 *
 * <p>Nothing is ever rewritten: a message is read in one pass and described by offsets into its own
 * octets. No input makes anything here throw, recurse without bound, hold more than {@link
 * hikyaku.protocol.mime.MimeLimits} allows, or take more than linear time; what lies beyond a limit
 * is content nobody looked into. Header text is carried as octets, one per char of a String
 * (ISO-8859-1), until somebody asks for it decoded.
 */
@NullMarked
package hikyaku.protocol.mime;

import org.jspecify.annotations.NullMarked;
