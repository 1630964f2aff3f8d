"""What people send who mean harm, or whose program is broken: refused or kept, never half done."""
