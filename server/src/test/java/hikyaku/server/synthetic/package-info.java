@NullMarked
package hikyaku.server.synthetic;

import org.jspecify.annotations.NullMarked;
