/**
 * The PROXY protocol of HAProxy, versions 1 and 2: the few octets by which a proxy says, before
 * anything else on a connection, whose connection it passes on.
 *
 * <p>Octets to a sealed result, without a socket. Whom to believe is not decided here. Never more
 * octets are asked for than belong to the header, so that what follows it stays where it is.
 *
 * <p>Source: HAProxy's specification "The PROXY protocol, versions 1 &amp; 2", sections 2.1 (v1)
 * and 2.2 (v2), cited as PROXY §2.1 and so on.
 */
@NullMarked
package hikyaku.protocol.proxy;

import org.jspecify.annotations.NullMarked;
