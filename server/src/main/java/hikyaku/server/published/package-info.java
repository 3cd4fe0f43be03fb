/**
 * What a domain has to publish in DNS so that its mail comes, goes and is believed, and whether it
 * does.
 *
 * <p>RFC 5321 §5.1 (MX), 6186 and 8314 §5 (SRV of services), 5804 §1.8 (SRV of ManageSieve), 6376
 * §3.6 (keys), 7208 §3 (SPF), 7489 §6 (DMARC), 8460 §3 (reports of TLS), 8461 §3.1 (MTA-STS).
 */
@NullMarked
package hikyaku.server.published;

import org.jspecify.annotations.NullMarked;
